/** The model folder: what a training writes, and what survives when it is interrupted at any moment. */
import { randomBytes } from 'node:crypto';
import { appendFile, copyFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileWhole, writeWhole } from '../files';
import { HISTORY_FILE, MODEL_FILES, snapshotFile } from '../model-files';
import { folderInfo, type Metrics, type ModelInfo, type ModelStatus, type SnapshotInfo } from '../model-info';
import type { Preprocessing } from '../preprocessing';
import type { TrainingEvent } from './events';
import { makeModelFolder } from './output-folder';

/** The text files of a model folder. */
export interface ModelTexts {
  original: string;
  trainVal: string;
  deploy: string;
  labels: readonly string[];
}

export interface FolderSubject {
  /** What the model is called: its network. */
  name: string;
  dataset: string;
  preprocessing: Preprocessing;
}

export class ModelFolder {
  private readonly info: ModelInfo;
  private readonly metricsOf = new Map<number, Metrics>();

  private constructor(
    readonly path: string,
    subject: FolderSubject,
  ) {
    const created = new Date().toISOString().slice(0, 19);
    this.info = {
      id: `${created.replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`,
      created: created.replace('T', ' '),
      status: 'Running',
      snapshots: [],
      ...subject,
    };
  }

  /** Makes the folder; throws as {@link makeModelFolder}. */
  static async create(folder: string, overwrite: boolean, subject: FolderSubject): Promise<ModelFolder> {
    await makeModelFolder(folder, overwrite);
    return new ModelFolder(folder, subject);
  }

  file(name: keyof typeof MODEL_FILES): string {
    return path.join(this.path, MODEL_FILES[name]);
  }

  async writeTexts({ original, trainVal, deploy, labels }: ModelTexts): Promise<void> {
    await writeFileWhole(this.file('original'), original);
    await writeFileWhole(this.file('trainVal'), trainVal);
    await writeFileWhole(this.file('deploy'), deploy);
    await writeFileWhole(this.file('labels'), labels.map((label) => `${label}\n`).join(''));
    await this.writeInfo();
  }

  async writeSolver(text: string): Promise<void> {
    await writeFileWhole(this.file('solver'), text);
  }

  async copyMean(source: string): Promise<void> {
    await writeWhole(this.file('mean'), (temporary) => copyFile(source, temporary));
  }

  async record(event: TrainingEvent): Promise<void> {
    await appendFile(path.join(this.path, HISTORY_FILE), `${JSON.stringify(event)}\n`);
  }

  /** The best snapshot so far: the highest accuracy, then the lowest loss; the newest where none was validated. */
  get best(): SnapshotInfo | undefined {
    const { snapshots } = this.info;
    const validated = snapshots.filter((snapshot) => snapshot.accuracy !== undefined);
    if (validated.length === 0) return snapshots.at(-1);
    return validated.reduce((best, snapshot) => (isBetter(snapshot, best) ? snapshot : best));
  }

  get newest(): SnapshotInfo | undefined {
    return this.info.snapshots.at(-1);
  }

  snapshotPath(iteration: number): string {
    return path.join(this.path, snapshotFile(iteration));
  }

  /** Takes note of a snapshot that was written, and removes what is not to be kept beside it. */
  async addSnapshot(snapshot: SnapshotInfo, metrics: Metrics | undefined, keep: number | undefined): Promise<void> {
    const former = this.newest;
    this.info.snapshots.push(snapshot);
    if (metrics) this.metricsOf.set(snapshot.iteration, metrics);
    if (former) await this.removeState(former.iteration);
    await this.prune(keep);
    await this.writeInfo();
  }

  /** Forgets all snapshots, for a training that starts again. */
  async clearSnapshots(): Promise<void> {
    for (const { iteration } of this.info.snapshots.splice(0)) await this.removeSnapshot(iteration);
    this.metricsOf.clear();
    await this.writeInfo();
  }

  async finish(status: ModelStatus): Promise<void> {
    this.info.status = status;
    await this.writeInfo();
  }

  /** Removes the folder, of a training that came to nothing. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private async prune(keep: number | undefined): Promise<void> {
    if (keep === undefined) return;
    const best = this.best;
    const newest = this.info.snapshots.slice(-keep);
    const [kept, gone] = partition(this.info.snapshots, (snapshot) => snapshot === best || newest.includes(snapshot));
    this.info.snapshots = kept;
    for (const { iteration } of gone) await this.removeSnapshot(iteration);
  }

  private async removeSnapshot(iteration: number): Promise<void> {
    await rm(this.snapshotPath(iteration), { force: true });
    await this.removeState(iteration);
  }

  /** A solver's state is as large as its weights; one is enough to go on from. */
  private async removeState(iteration: number): Promise<void> {
    const model = this.snapshotPath(iteration);
    const prefix = path.basename(model, '.caffemodel');
    const files = await readdir(this.path);
    const state = files.filter((file) => file.startsWith(`${prefix}.`) && file !== path.basename(model));
    for (const file of state) await rm(path.join(this.path, file), { force: true });
  }

  private async writeInfo(): Promise<void> {
    const best = this.best?.iteration;
    await writeFileWhole(this.file('info'), folderInfo({ ...this.info, best, metrics: this.metricsOf.get(best ?? -1) }));
  }
}

function isBetter(a: SnapshotInfo, b: SnapshotInfo): boolean {
  const [accuracyOfA = 0, accuracyOfB = 0] = [a.accuracy, b.accuracy];
  return accuracyOfA === accuracyOfB ? (a.loss ?? 0) < (b.loss ?? 0) : accuracyOfA > accuracyOfB;
}

function partition<T>(values: readonly T[], holds: (value: T) => boolean): [T[], T[]] {
  return [values.filter(holds), values.filter((value) => !holds(value))];
}
