/** The tasks panel: what waits for whom, what was said about it, and what this person can do now. */

import type { JSX } from "preact";
import type { Signal } from "@preact/signals";
import type { Comment, Task } from "../api/types";
import {
  acceptTask,
  addComment,
  adjudicate,
  board,
  chooseTask,
  currentTask,
  escalate,
  openReport,
  openComments,
  precedents,
  proposal,
  reopen,
  requestChanges,
  resolve,
  rule,
  searchPrecedents,
  showComment,
  submitTask,
  takeTask,
  tasksAreOpen,
  words,
} from "../review/board";
import { shortId } from "../workbench/identity";
import { select } from "../workbench/choosing";
import { clock } from "../workbench/recording";
import { Button } from "./controls";

export function TasksPanel(): JSX.Element | null {
  const seen = board.value;
  if (!tasksAreOpen.value || !seen) return null;
  const task = currentTask.value;
  return (
    <section class="tasks-panel" aria-label="Tasks" data-testid="tasks-panel">
      <header>
        <span data-testid="me">
          {seen.me.name} · {seen.me.role}
        </span>
        <Button label="Close the tasks" icon="close" onClick={() => (tasksAreOpen.value = false)} />
      </header>
      {seen.tasks.length === 0 && <p class="quiet">No tasks here: a lead opens them with `boxwright task open`</p>}
      <ul>
        {seen.tasks.map((each) => (
          <TaskLine key={each.id} task={each} current={each.id === task?.id} />
        ))}
      </ul>
      {task && <LookAt task={task} />}
      <Words />
      {task && <Steps task={task} />}
      <Comments />
      <Precedents />
    </section>
  );
}

function TaskLine({ task, current }: { readonly task: Task; readonly current: boolean }): JSX.Element {
  const [from, to] = [task.start_ns, task.end_ns].map((time) => Math.max(0, clock.value.secondsOf(time)).toFixed(1));
  const who = [...new Set([...task.annotators, ...task.reviewers])].join(", ");
  const classes = task.classes.length > 0 ? task.classes.join(", ") : "all classes";
  return (
    <li
      class={current ? "current" : ""}
      data-testid="task"
      data-task-id={task.id}
      data-state={task.state}
      onClick={() => chooseTask(task)}
    >
      <b>{task.title}</b>
      <span class={`task-state ${task.state}`}>{task.state.replace("_", " ")}</span>
      <span class="quiet">
        {from}–{to} s · {classes}
        {who && ` · ${who}`}
      </span>
    </li>
  );
}

/** The tracks that the sampling plan chose, while the task is reviewed. */
function LookAt({ task }: { readonly task: Task }): JSX.Element | null {
  if (task.look_at.length === 0 || !task.may.includes("accept")) return null;
  return (
    <p class="look-at">
      <span class="quiet">Look at</span>
      {task.look_at.map((id) => (
        <Button key={id} label={`Look at ${id}`} onClick={() => select(id)}>
          {shortId(id)}
        </Button>
      ))}
    </p>
  );
}

function Words(): JSX.Element {
  return (
    <div class="words">
      <TextInput value={words} title="Comment, evidence or reason" testId="task-words" />
      <TextInput value={rule} title="Rule, if any" testId="task-rule" />
    </div>
  );
}

interface TextInputProps {
  readonly value: Signal<string>;
  readonly title: string;
  readonly testId: string;
}

function TextInput({ value, title, testId }: TextInputProps): JSX.Element {
  return (
    <input
      type="text"
      class="input"
      aria-label={title}
      placeholder={title}
      data-testid={testId}
      value={value.value}
      onInput={(event) => (value.value = event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
      }}
    />
  );
}

function Steps({ task }: { readonly task: Task }): JSX.Element {
  const may = (kind: string): boolean => task.may.includes(kind);
  return (
    <div class="steps">
      {may("take") && (
        <Button label="Take this task" tone="primary" testId="task-take" onClick={() => takeTask(task)}>
          Take
        </Button>
      )}
      {may("submit") && (
        <Button label="Submit for review" tone="primary" testId="task-submit" onClick={() => submitTask(task)}>
          Submit
        </Button>
      )}
      {may("accept") && (
        <Button label="Accept: the work is right" tone="primary" testId="task-accept" onClick={acceptTask}>
          Accept
        </Button>
      )}
      {may("request_changes") && (
        <Button label="Request changes: the comment is pinned here" testId="task-reject" onClick={requestChanges}>
          Request changes
        </Button>
      )}
      <Button label="Comment: pinned to the selected track, here" testId="task-comment" onClick={addComment}>
        Comment
      </Button>
      {may("reopen") && (
        <Button label="Reopen: it wants changes after all, or who holds it is away" testId="task-reopen" onClick={() => reopen(task)}>
          Reopen
        </Button>
      )}
      {may("escalate") && <Escalation />}
      {may("adjudicate") && <Decision task={task} />}
    </div>
  );
}

function Escalation(): JSX.Element {
  return (
    <div class="words">
      <TextInput value={proposal} title="What should be there instead" testId="task-proposal" />
      <Button label="Escalate to a lead, with both proposals" testId="task-escalate" onClick={escalate}>
        Escalate
      </Button>
    </div>
  );
}

function Decision({ task }: { readonly task: Task }): JSX.Element | null {
  const { dispute } = task;
  if (!dispute) return null;
  return (
    <div class="dispute" data-testid="dispute">
      <p>{dispute.evidence}</p>
      {dispute.proposals.map((each, index) => (
        <Button
          key={index}
          label={`Decide for ${each.by}`}
          testId={`decide-${index}`}
          onClick={() => adjudicate(task, index === 0 ? 0 : 1)}
        >
          {each.by}: {each.text}
        </Button>
      ))}
    </div>
  );
}

function Comments(): JSX.Element {
  return (
    <ol>
      {openComments.value.map((comment) => (
        <CommentLine key={comment.id} comment={comment} />
      ))}
    </ol>
  );
}

function CommentLine({ comment }: { readonly comment: Comment }): JSX.Element {
  const { track_id: trackId, time_ns: time } = comment.pin;
  const seconds = time ? ` · ${Math.max(0, clock.value.secondsOf(time)).toFixed(1)} s` : "";
  return (
    <li data-testid="comment" onClick={() => showComment(comment)}>
      <span>
        <b>{comment.who}</b> {comment.text}
        <span class="quiet">
          {comment.rule && ` · ${comment.rule}`}
          {trackId && ` · ${shortId(trackId)}`}
          {seconds}
        </span>
      </span>
      <Button label="Resolved: it has been seen to" testId="comment-resolve" onClick={() => resolve(comment)}>
        Resolve
      </Button>
    </li>
  );
}

function Precedents(): JSX.Element {
  return (
    <footer>
      <Button
        label="Look in what was decided before: the words above, the rule above"
        testId="precedents"
        onClick={() => void searchPrecedents()}
      >
        Decided before
      </Button>
      {board.value?.me.role === "lead" && (
        <Button
          label="How the project stands: tasks, people, accuracy"
          testId="report"
          onClick={() => void openReport()}
        >
          Report
        </Button>
      )}
      {precedents.value?.length === 0 && <span class="quiet">nothing like it</span>}
      {precedents.value?.map((each) => (
        <p key={each.at_ns} data-testid="precedent">
          <b>{each.rule || "no rule"}</b> {each.text}{" "}
          <span class="quiet">
            {each.who} · {each.recording}
          </span>
        </p>
      ))}
    </footer>
  );
}
