/** The points around the object, shaded by light and height; those inside the cuboid stand out. */

import {
  BufferGeometry,
  InterleavedBuffer,
  InterleavedBufferAttribute,
  Matrix4,
  Points,
  Quaternion,
  ShaderMaterial,
  Vector3,
} from "three";
import type { Quaternion as Wxyz } from "../api/types";
import { placeIn, type Cuboid, type Pose } from "../geometry/cuboid";
import { ROW, type Crop } from "./crop";

const VERTEX = /* glsl */ `
  attribute float shade;
  uniform mat4 boxFromCrop;
  uniform vec3 halfSize;
  uniform vec3 depthAxis;
  uniform float pointSize;
  varying vec3 tint;

  void main() {
    vec3 place = (boxFromCrop * vec4(position, 1.0)).xyz;
    vec3 beyond = abs(place) - halfSize;
    bool inside = all(lessThanEqual(beyond, vec3(0.0)));
    float height = smoothstep(-halfSize.z - 0.3, halfSize.z + 0.5, place.z);
    float away = smoothstep(0.2, 3.0, dot(beyond, depthAxis));
    vec3 outer = mix(vec3(0.20, 0.29, 0.42), vec3(0.72, 0.83, 0.93), 0.25 + 0.45 * height + 0.3 * shade);
    vec3 inner = mix(vec3(0.95, 0.55, 0.16), vec3(1.0, 0.90, 0.55), shade);
    tint = inside ? inner : outer * (1.0 - 0.65 * away);
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
    gl_Position.z = inside ? -0.9 : gl_Position.z * 0.5;
    gl_PointSize = inside ? pointSize * 1.25 : pointSize;
  }
`;

const FRAGMENT = /* glsl */ `
  varying vec3 tint;
  void main() {
    gl_FragColor = vec4(tint, 1.0);
  }
`;

export class Cloud {
  readonly points: Points<BufferGeometry, ShaderMaterial>;
  private shown: Crop | null = null;

  constructor() {
    const uniforms = {
      boxFromCrop: { value: new Matrix4() },
      halfSize: { value: new Vector3() },
      depthAxis: { value: new Vector3() },
      pointSize: { value: 2 },
    };
    const material = new ShaderMaterial({ vertexShader: VERTEX, fragmentShader: FRAGMENT, uniforms });
    this.points = new Points(new BufferGeometry(), material);
    this.points.frustumCulled = false;
    this.points.matrixAutoUpdate = false;
  }

  show(crop: Crop | null): void {
    if (crop === this.shown) return;
    this.shown = crop;
    const rows = new InterleavedBuffer(crop?.rows ?? new Float32Array(0), ROW);
    this.points.geometry.dispose();
    this.points.geometry = new BufferGeometry()
      .setAttribute("position", new InterleavedBufferAttribute(rows, 3, 0))
      .setAttribute("shade", new InterleavedBufferAttribute(rows, 1, 3));
  }

  lookAlong(frame: Pose, cuboid: Cuboid | null, pointSize: number): void {
    if (!this.shown) return;
    this.points.matrix.copy(cropIn(frame, this.shown));
    this.points.matrixWorldNeedsUpdate = true;
    this.set("boxFromCrop", cropIn(cuboid ?? frame, this.shown));
    this.set("halfSize", new Vector3(...(cuboid?.size ?? [0, 0, 0])).multiplyScalar(0.5));
    this.set("pointSize", pointSize);
  }

  set(name: string, value: unknown): void {
    const uniform = this.points.material.uniforms[name];
    if (uniform) uniform.value = value;
  }
}

/** Takes offsets of the crop into the axes of a pose. World coordinates are subtracted here, in double precision. */
function cropIn(pose: Pose, crop: Crop): Matrix4 {
  const origin = placeIn(pose, crop.centre);
  const turn = threeQuaternion(pose.rotation).invert();
  return new Matrix4().compose(new Vector3(...origin), turn, new Vector3(1, 1, 1));
}

/** three.js keeps quaternions as x, y, z, w. */
function threeQuaternion([w, x, y, z]: Wxyz): Quaternion {
  return new Quaternion(x, y, z, w);
}
