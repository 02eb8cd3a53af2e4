/** One canvas behind the three views: each is a window of it, drawn with a camera of its own. */

import { OrthographicCamera, Scene, Vector3, WebGLRenderer } from "three";
import type { Vec3 } from "../api/types";
import type { Cuboid } from "../geometry/cuboid";
import { alongAxis } from "../geometry/vector";
import type { ViewAxes } from "./axes";
import { Cloud } from "./cloud";
import type { Crop } from "./crop";
import type { ViewFrame } from "./viewframe";

const CAMERA_DISTANCE_M = 200;
const POINT_PX = 2;
const BACKGROUND = 0x0d0f12;

export interface Window {
  readonly view: ViewAxes;
  /** In CSS pixels from the canvas's upper left corner. */
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly scale: number;
}

export class Stage {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly cloud = new Cloud();
  private readonly camera = new OrthographicCamera(-1, 1, 1, -1, 0.1, 2 * CAMERA_DISTANCE_M);

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.renderer = new WebGLRenderer({ canvas, antialias: false, powerPreference: "low-power" });
    this.renderer.setPixelRatio(window.devicePixelRatio);
    this.renderer.setClearColor(BACKGROUND);
    this.scene.add(this.cloud.points);
  }

  resize(width: number, height: number): void {
    this.renderer.setSize(width, height, false);
  }

  draw(windows: readonly Window[], frame: ViewFrame | null, cuboid: Cuboid | null, crop: Crop | null): void {
    this.renderer.setScissorTest(false);
    this.renderer.clear();
    if (!frame || !crop) return;
    this.cloud.show(crop);
    this.cloud.lookAlong(frame, cuboid, POINT_PX * window.devicePixelRatio);
    this.renderer.setScissorTest(true);
    for (const entry of windows) this.drawWindow(entry);
  }

  dispose(): void {
    this.cloud.points.geometry.dispose();
    this.cloud.points.material.dispose();
    this.renderer.dispose();
  }

  private drawWindow({ view, box, scale }: Window): void {
    const bottom = this.canvas.clientHeight - box.top - box.height;
    this.renderer.setViewport(box.left, bottom, box.width, box.height);
    this.renderer.setScissor(box.left, bottom, box.width, box.height);
    this.aim(view, box.width / scale / 2, box.height / scale / 2);
    this.cloud.set("depthAxis", vector(alongAxis(view.depth, 1)));
    this.renderer.render(this.scene, this.camera);
  }

  private aim(view: ViewAxes, halfWidth: number, halfHeight: number): void {
    const { camera } = this;
    [camera.left, camera.right, camera.top, camera.bottom] = [-halfWidth, halfWidth, halfHeight, -halfHeight];
    camera.updateProjectionMatrix();
    camera.up.copy(vector(alongAxis(view.up, 1)));
    camera.position.copy(vector(alongAxis(view.depth, view.toViewer * CAMERA_DISTANCE_M)));
    camera.lookAt(0, 0, 0);
    camera.updateMatrixWorld();
  }
}

function vector(parts: Vec3): Vector3 {
  return new Vector3(...parts);
}
