package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.portrait.people.Words;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The program that made {@code portrait}: renders people, trains the autoencoder on them, encodes
 * them, trains a reader of latents and, by it too, the text tower and the UNet on that, and writes
 * the model folder. Every stage goes on where it was stopped; what it draws and how its loss goes
 * lies beside it as images. With {@code start=FOLDER} a finished model of the same shape, the
 * released one, say, is trained further: its tokenizer stays, its autoencoder too unless
 * {@code autoencoderSteps} are given, and the rest goes on from its weights.
 *
 * <p>Arguments: {@code WORK-FOLDER CLIP-FOLDER COMMIT [name=value ...]}, where the clip folder
 * holds CLIP's vocab.json and merges.txt, and names are those of {@link Numbers}.
 */
public final class TrainPortrait {
  /** Names of the numbers that it takes. */
  public static final List<String> NAMES = Numbers.NAMES;

  private static final int PER_FILE = 1000;
  private static final int PREVIEW_EVERY = 1000;
  private static final int TUNED_AT_ONCE = 32;

  private final Path work;
  private final Path clip;
  private final String commit;
  private final Numbers numbers;
  private final PortraitRenders renders;
  private final RenderStore store;
  private String told;

  private TrainPortrait(Path work, Path clip, String commit, Numbers numbers) {
    this.work = work;
    this.clip = clip;
    this.commit = commit;
    this.numbers = numbers;
    this.renders = new PortraitRenders(numbers.seed()).chosenOf(numbers.candidates());
    this.store = new RenderStore(work.resolve("renders"));
    this.told = numbers.toString();
  }

  public static void main(String[] args) {
    Usage.require(args, 3, "TrainPortrait WORK-FOLDER CLIP-FOLDER COMMIT [name=value ...]");
    Numbers numbers = Numbers.of(List.of(args).subList(3, args.length));
    new TrainPortrait(Path.of(args[0]), Path.of(args[1]), args[2], numbers).run();
  }

  private void run() {
    numbers.readers().stream().filter(reader -> !Files.exists(reader)).forEach(reader -> {
      throw new InvalidInputException(
          "reader=" + reader + " is not there; give the state of a reader, " + LatentReader.STATE
              + " in a work folder");
    });
    SeenError.require(numbers.eyes(), numbers.start() != null && numbers.autoencoderSteps() > 0);
    DiffusionTraining.Recipe recipe = numbers.recipe();
    WorkStamp.require(work, "seed", numbers.seed());
    WorkStamp.require(work, "candidates", HardWords.choice(numbers.candidates()));
    WorkStamp.require(
        work, "start", numbers.start() == null ? "nothing" : FirstWeights.made(numbers.start()));
    int vocabulary = tokenizer();
    trainAutoencoder();
    List<Path> files = encode();
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder().resolve("tokenizer"));
        LatentSet data = new LatentSet(files, tokenizer.encode(""), scale())) {
      trainReader(data);
      if (numbers.steps() > 0) {
        trainDiffusion(data, vocabulary, recipe);
      }
    }
  }

  private void trainReader(LatentSet data) {
    if (numbers.readerSteps() > 0) {
      LatentReaderTraining training = new LatentReaderTraining(data, renders, numbers.draws());
      numbers.readers().forEach(training::startFrom);
      training.tell(readerMade());
      training.run(work.resolve(LatentReader.STATE), numbers.readerSteps());
    }
  }

  private Map<String, String> readerMade() {
    Map<String, String> made =
        new LinkedHashMap<>(Map.of("commit", commit, "numbers", numbers.toString()));
    numbers.readers().forEach(before -> made.put("after", FirstWeights.madeOf(before)));
    return made;
  }

  private void trainDiffusion(LatentSet data, int vocabulary, DiffusionTraining.Recipe recipe) {
    System.err.printf(
        Locale.ROOT, "diffusion on %d images, latents scaled by %.4f%n", data.size(), data.scale());
    SchedulerConfig scheduler = SchedulerConfig.of(Architecture.scheduler());
    // Without min-SNR: it takes the weight from the noisiest steps, which is where colours are
    // decided.
    DiffusionObjective objective =
        new DiffusionObjective(scheduler.noiseSchedule(), scheduler.prediction(), 0);
    DiffusionTraining training =
        new DiffusionTraining(data, objective, vocabulary, numbers.draws());
    if (numbers.start() != null) {
      training.startFrom(numbers.start());
    }
    told = FirstWeights.told(diffusionState(), told);
    training.tell(Map.of("commit", commit, "numbers", told));
    try (LatentReaders readers = LatentReaders.open(readers());
        FeedbackLoss feedback = new FeedbackLoss(
            data,
            renders,
            readers,
            numbers.feedback(),
            Architecture.GUIDANCE,
            recipe,
            TrainingLoop.SAVE_EVERY)) {
      training.perceive(new PerceptualLoss(
          "person and words",
          (latents, images) -> readers.first().all(latents),
          Architecture.PERCEIVED,
          1));
      if (numbers.feedback() > 0) {
        training.please(feedback);
      }
      training.run(diffusionState(), recipe, step -> {
        assemble(data.scale(), vocabulary, step);
        preview(step);
      });
    }
    assemble(data.scale(), vocabulary, numbers.steps());
  }

  private void preview(long step) {
    if (step % PREVIEW_EVERY == 0 || step == numbers.steps()) {
      PromptSheet.of(folder(), 8, 0, UnaryOperator.identity())
          .writePng(work.resolve(String.format(Locale.ROOT, "preview-%06d.png", step)));
    }
  }

  private void assemble(double scale, int vocabulary, long step) {
    String numbered = told + (step < numbers.steps() ? ", at step " + step : "");
    Map<String, String> made = new LinkedHashMap<>(Map.of("commit", commit, "numbers", numbered));
    if (numbers.start() != null) {
      made.put("after", FirstWeights.made(numbers.start()));
    }
    made.put(
        "readers", readers().stream().map(FirstWeights::madeOf).collect(Collectors.joining("; ")));
    if (numbers.eyes() != null) {
      made.put("eyes", SeenError.told(numbers.eyes()));
    }
    PortraitFolder.write(folder(), autoencoder(), diffusionState(), scale, vocabulary, made);
  }

  private int tokenizer() {
    if (numbers.start() != null) {
      return FirstWeights.tokenizer(numbers.start(), folder().resolve("tokenizer"));
    }
    TrimmedTokenizer trimmed = TrimmedTokenizer.of(clip);
    Words.vocabulary().forEach(trimmed::need);
    IntStream.range(0, 2000).forEach(i -> renders.captions(i).forEach(trimmed::need));
    trimmed.write(folder().resolve("tokenizer"));
    return trimmed.vocabulary();
  }

  private void trainAutoencoder() {
    store.fill(numbers.images(), renders::image, ProgressOutput.of("render", numbers.images()));
    if (Files.exists(autoencoder())) {
      return;
    }
    Path state = work.resolve("autoencoder-state.safetensors");
    if (numbers.start() == null) {
      new AutoencoderTraining(store, numbers.seed()).run(state, numbers.autoencoderSteps());
      EvenLatents.write(state, store, autoencoder());
    } else if (numbers.autoencoderSteps() == 0) {
      AtomicFile.write(
          autoencoder(), out -> Files.copy(FirstWeights.autoencoder(numbers.start()), out));
    } else {
      tuneAutoencoder(state);
    }
  }

  private void tuneAutoencoder(Path state) {
    WorkStamp.require(work, "eyes", SeenError.told(numbers.eyes()));
    AutoencoderConfig shape =
        AutoencoderConfig.of(ModelConfig.read(numbers.start().resolve("vae/config.json")));
    try (SeenError seen = SeenError.by(numbers.eyes(), numbers.start())) {
      new AutoencoderTuning(
              store,
              numbers.images(),
              TUNED_AT_ONCE,
              seen,
              shape,
              FirstWeights.autoencoder(numbers.start()),
              numbers.seed())
          .run(state, numbers.autoencoderSteps());
    }
    EvenLatents.write(state, store, autoencoder());
  }

  private List<Path> encode() {
    try (LoadedWeights weights =
            new LoadedWeights(Safetensors.open(autoencoder()), TrainingDevice.COMPUTE);
        ClipTokenizer tokenizer = ClipTokenizer.open(folder().resolve("tokenizer"))) {
      AutoencoderKL autoencoder =
          new AutoencoderKL(Architecture.autoencoderConfig(1), Weights.of(weights));
      IntStream numbered = IntStream.range(0, (numbers.images() + PER_FILE - 1) / PER_FILE);
      // A CPU has its hands full with one file; a GPU waits for the reading.
      return (TrainingDevice.COMPUTE.isCpu() ? numbered : numbered.parallel())
          .mapToObj(i -> {
            Path file = work.resolve(String.format(Locale.ROOT, "latents-%03d.safetensors", i));
            int count = Math.min(PER_FILE, numbers.images() - i * PER_FILE);
            if (LatentStore.size(file) < count) {
              LatentStore.write(
                  file,
                  autoencoder,
                  tokenizer,
                  store,
                  renders,
                  i * PER_FILE,
                  count,
                  ProgressOutput.of(file.getFileName().toString(), count));
            }
            return file;
          })
          .toList();
    }
  }

  private OptionalDouble scale() {
    return numbers.start() == null || numbers.autoencoderSteps() > 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(FirstWeights.scale(numbers.start()));
  }

  private Path folder() {
    return work.resolve("folder");
  }

  private Path autoencoder() {
    return work.resolve("autoencoder.safetensors");
  }

  private List<Path> readers() {
    return numbers.readers().isEmpty() || numbers.readerSteps() > 0
        ? List.of(work.resolve(LatentReader.STATE))
        : numbers.readers();
  }

  private Path diffusionState() {
    return work.resolve("diffusion.safetensors");
  }
}
