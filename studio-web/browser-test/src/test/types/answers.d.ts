// What the HTTP API answers. TypesTest compares these types with answers of a running studio.

interface StudioAnswer {
  version: string;
  base: {
    state: 'opening' | 'ready' | 'failed';
    message: string;
    name?: string;
    width?: number;
    height?: number;
    photographs?: boolean;
    edits?: boolean;
    running?: number;
    waiting?: number;
  };
  retention: Record<string, {days_after_training: number; days_after_use: number}>;
  samples: boolean;
  limits: {photos: number; photo_bytes: number; images: number};
}

type IdentityWord = 'lora' | 'references' | 'lora+references' | 'ipadapter' | 'both';

interface Identity {
  identity: IdentityWord;
  adapter?: string;
  title?: string;
  memory_bytes?: number;
  poses?: string[];
}

interface Likeness {
  state: 'none' | 'unmeasured' | 'measuring' | 'unknown' | 'measured';
  images?: number;
  best?: number;
  limit?: number;
  within?: number;
}

interface Person {
  id: string;
  locked?: boolean;
  message?: string;
  sample: boolean;
  name: string;
  consent: string;
  consent_given: string;
  photos: number;
  images: number;
  trained: boolean;
  identities: Identity[];
  training: string;
  shooting: boolean;
  likeness: Likeness;
  kept_until: Record<string, string>;
}

interface PeopleAnswer {
  people: Person[];
}

interface Reason {
  code: string;
  severity: string;
  message: string;
}

interface Photo {
  id: string;
  name: string;
  verdict: 'keep' | 'warn' | 'reject';
  reasons: Reason[];
  faces: {x: number; y: number; width: number; height: number}[];
}

interface PhotosAnswer {
  photos: Photo[];
  accepted: number;
  advice: string[];
  tool_advice?: string[];
  readiness?: number;
  unclear: boolean;
  compared: boolean;
  recommended: number;
  minimum: number;
}

type Commercial = 'yes' | 'conditions' | 'no';

interface TrainingMethod {
  method: 'lora' | 'references' | 'adapter';
  preset: 'quick' | 'balanced' | 'best' | '';
  steps?: number;
  memory_bytes?: number;
  expected_seconds?: number;
  adapter?: string;
  title?: string;
  usable?: boolean;
  missing?: string[];
  weaker?: boolean;
  measuring?: boolean;
  refusal?: string;
  licence?: string;
  commercial?: Commercial;
}

interface TrainingProgress {
  phase: string;
  step: number;
  steps: number;
  seconds_left?: number;
}

interface TrainingAnswer {
  photos: number;
  methods: TrainingMethod[];
  previews: boolean;
  trained: boolean;
  state: 'none' | 'queued' | 'running' | 'paused' | 'failed' | 'done';
  progress?: TrainingProgress;
  losses?: {step: number; loss: number}[];
  likeness?: {step: number; score: number}[];
  notices?: string[];
  preview?: boolean;
  plan?: Record<string, unknown>;
  message?: string;
}

interface Style {
  name: string;
  title: string;
  thumbnail: number;
  outfits: string[];
  backdrops: string[];
  crop: string;
  default: boolean;
}

interface StylesAnswer {
  styles: Style[];
}

interface ShootImage {
  number: number;
  style: string;
  edits: number;
  choice: string;
}

interface ShootPlan {
  id: string;
  created: string;
  styles: string[];
  count: number;
  strength: number;
  steps: number;
  outfit: string;
  backdrop: string;
  identity: IdentityWord;
  pose?: string;
  keypoints?: Record<string, number>;
  seed: number;
  state: 'queued' | 'running' | 'paused' | 'failed' | 'done';
  message?: string;
  total: number;
  images: ShootImage[];
  step?: number;
  image_steps?: number;
}

interface ShootsAnswer {
  shoots: ShootPlan[];
}

interface Score {
  label: string;
  value: string;
  limit: string;
  passed: boolean;
}

interface ReportImage {
  index: number;
  number: number;
  style: string;
  recommended: boolean;
  best: boolean;
  sentences: string[];
  prompt: string;
  seed: number;
  scores: Score[];
}

interface Report {
  checkable: boolean;
  checked: boolean;
  warnings?: string[];
  verdict?: string;
  source?: string;
  likeness?: string;
  consent?: string;
  heading?: string;
  images?: ReportImage[];
  next_steps?: string[];
  limits?: string[];
  base?: string;
}

interface ShootAnswer extends ShootPlan {
  report: Report;
}

interface EditVersion {
  words: Record<string, string>;
  mask_words: string;
  seed: number;
  strength?: number;
  mask: boolean;
  prompt: string;
  changed_share: number;
  scores: Score[];
  sentences: string[];
}

interface EditPart {
  part: 'outfit' | 'backdrop' | 'light' | 'expression';
  strength: number;
  now?: string;
  choices: string[];
}

interface EditsAnswer {
  width: number;
  height: number;
  versions: EditVersion[];
  parts: EditPart[];
  state: 'none' | 'queued' | 'running' | 'paused' | 'failed';
  step?: number;
  steps?: number;
  message?: string;
}

type Role = 'base' | 'accelerator' | 'ip-adapter' | 'image-encoder' | 'controlnet' | 'tiny-autoencoder' | 'upscaler'
  | 'detector' | 'face-embedder';

interface CatalogueModel {
  name: string;
  role: Role;
  address: string;
  family?: string;
  purpose: string;
  licence?: string;
  commercial?: Commercial;
  size?: number;
  steps?: number;
  sources: {page: string; read: string}[];
  here: boolean;
  bytes?: number;
  fits?: boolean;
  host?: string;
  missing_bytes?: number;
  stated_licence?: string;
  download?: {state: string; step: number; steps: number; seconds_left?: number; message?: string};
}

interface ModelsAnswer {
  models: CatalogueModel[];
  can_get: boolean;
  memory_bytes?: number;
}

interface Grid {
  state: 'queued' | 'running' | 'done' | 'stopped' | 'failed';
  message: string;
  rows: string[];
  axis: '' | 'steps' | 'guidance' | 'scheduler' | 'lora';
  count: number;
  seed: number;
  done: number;
  step: number;
  steps: number;
  preview: number;
  command: string;
  java: string;
}

interface PlaygroundAnswer {
  schedulers: string[];
  scheduler: string;
  steps: number;
  guidance: number;
  loras: string[];
  edits: boolean;
  references: number;
  most: number;
  grid?: Grid;
}

interface SigmasAnswer {
  scheduler: string;
  rows: {row: number; timestep: number; sigma: number}[];
}

interface CredentialsAnswer {
  disclosed: boolean;
  altered: boolean;
  watermarked: boolean;
  signed: boolean;
  development_key: boolean;
  signer?: string;
  [other: string]: unknown;
}

/** An event of the stream, or of the connection itself: open, lost and poll. */
interface StudioEvent {
  type: string;
  person?: string;
  shoot?: string;
  image?: number;
  model?: string;
  progress?: TrainingProgress;
  done?: number;
  step?: number;
  steps?: number;
  state?: string;
  preview?: number;
}

/** A failure of a call: a refusal of the server has a status. */
interface Failure extends Error {
  status?: number;
}

/** What all pages get. */
interface PageProps {
  person: string;
  shoot?: string;
  shown?: string;
  studio: StudioAnswer | null;
  onError(refusal: Failure): void;
  onShown(photo: string): void;
  onErased(receipt: Blob): void;
}
