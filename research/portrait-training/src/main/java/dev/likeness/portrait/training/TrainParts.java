package dev.likeness.portrait.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The program that made what stands beside {@code portrait}'s own networks: the image encoder, the
 * IP-Adapters, the small autoencoder of previews, and the LoRA that draws in few steps. Each is a
 * stage that goes on where it was stopped, and is written to {@code WORK-FOLDER/folder} as the
 * model's folder holds it. The model's own folder stays as it is; what the stage {@code decoder}
 * writes is its autoencoder with a decoder that learnt on.
 *
 * <p>Arguments: {@code WORK-FOLDER MODEL-FOLDER COMMIT [stages=a,b] [name=value ...]}, with the
 * names of {@link PartNumbers}.
 */
public final class TrainParts {
  /** Names of the numbers that it takes. */
  public static final List<String> NAMES = PartNumbers.names();

  private final Path work;
  private final Path model;
  private final BaseModel base;
  private final String commit;
  private final PartNumbers numbers;
  private final PeopleRenders renders;
  private final RenderStore store;

  private TrainParts(Path work, Path model, BaseModel base, String commit, PartNumbers numbers) {
    this.work = work;
    this.model = model;
    this.base = base;
    this.commit = commit;
    this.numbers = numbers;
    this.renders = new PeopleRenders(numbers.of("seed"));
    this.store = new RenderStore(work.resolve("people"));
  }

  public static void main(String[] args) {
    Usage.require(
        args, 3, "TrainParts WORK-FOLDER MODEL-FOLDER COMMIT [stages=a,b] [name=value ...]");
    PartNumbers numbers = PartNumbers.of(List.of(args).subList(3, args.length));
    try (BaseModel base = BaseModel.open(Path.of(args[1]), Compute.best())) {
      new TrainParts(Path.of(args[0]), Path.of(args[1]), base, args[2], numbers).run();
    }
  }

  private void run() {
    SeenError.require(numbers.eyes(), numbers.stages().contains("decoder"));
    if (numbers.stages().contains("adapter") && !Files.exists(eye())) {
      throw new InvalidInputException("the adapter learns by " + eye()
          + ", which is not there; put the face_embedder there that"
          + " TrainEmbedder wrote, or leave the stage out with stages=");
    }
    WorkStamp.require(work, "seed", numbers.of("seed"), store.size() > 0);
    WorkStamp.require(work, "model", FirstWeights.made(model));
    int images = numbers.of("people") * PeopleRenders.SHOTS;
    store.fill(images, renders::image, ProgressOutput.of("render", images));
    Map<String, Runnable> stages = Map.of(
        "image-encoder",
        this::imageEncoder,
        "image-adapter",
        this::imageAdapter,
        "adapter",
        this::adapter,
        "preview",
        this::preview,
        "decoder",
        this::decoder,
        "few-step",
        this::fewStep);
    PartNumbers.STAGES.stream()
        .filter(numbers.stages()::contains)
        .forEach(name -> stages.get(name).run());
  }

  private void imageEncoder() {
    Path state = work.resolve("image-encoder-state.safetensors");
    int images = numbers.of("people") * PeopleRenders.SHOTS;
    try (PeopleSeen seen = new PeopleSeen(store, images, ProgressOutput.of("look at", images))) {
      new ImageEncoderTraining(seen, renders, numbers.of("encoderBatch"), numbers.of("seed"))
          .run(state, numbers.of("encoderSteps"));
    }
    TrimmedTokenizer.json(encoder().resolve("config.json"), Architecture.imageEncoder());
    TrimmedTokenizer.json(
        encoder().resolve("preprocessor_config.json"), Architecture.preprocessor());
    PortraitFolder.weights(state, "ema.encoder.", encoder().resolve("model.safetensors"), made());
    Map<String, Object> index =
        new LinkedHashMap<>(ModelConfig.read(model.resolve("model_index.json")).values());
    index.put("image_encoder", List.of("transformers", "CLIPVisionModelWithProjection"));
    TrimmedTokenizer.json(folder().resolve("model_index.json"), index);
  }

  private void adapter() {
    Path trained = new AdapterStage(work, base, store, renders, numbers)
        .run(
            eye(),
            ProgressOutput.of("encode", numbers.of("people") * PeopleRenders.SHOTS),
            told("adapter"));
    PortraitFolder.weights(trained, "", Extra.IP_ADAPTER.at(folder()), made());
  }

  private void imageAdapter() {
    Path trained = work.resolve("image-adapter.safetensors");
    int images = numbers.of("people") * PeopleRenders.SHOTS;
    try (LoadedImageEncoder encoder = LoadedImageEncoder.open(
        encoder(),
        EngineAccess.model(base).networks(StableDiffusionNetworks.class).compute())) {
      Architecture.imageAdapter()
          .steps(numbers.of("adapterSteps"))
          .batchSize(numbers.of("adapterBatch"))
          .seed(numbers.of("seed"))
          .train(
              base,
              encoder,
              new PicturePairs(store, renders, images),
              trained,
              work.resolve("image-adapter-state.safetensors"),
              Run.of(told("image-adapter")));
    }
    PortraitFolder.weights(trained, "", Extra.IMAGE_IP_ADAPTER.at(folder()), made());
  }

  private void preview() {
    Path state = work.resolve("preview-state.safetensors");
    int count = Math.min(numbers.of("previewPictures"), store.size());
    try (EncodedCrops crops = new EncodedCrops(
        store, count, EngineAccess.model(base).autoencoder(), ProgressOutput.of("encode", count))) {
      new PreviewTraining(crops, numbers.of("seed")).run(state, numbers.of("previewSteps"));
    }
    TrimmedTokenizer.json(folder().resolve("preview/config.json"), Architecture.preview());
    PortraitFolder.weights(
        state, "ema.", folder().resolve("preview/diffusion_pytorch_model.safetensors"), made());
  }

  private void decoder() {
    String eyes = SeenError.told(numbers.eyes());
    WorkStamp.require(work, "eyes", eyes);
    Path state = work.resolve("decoder-state.safetensors");
    int count = Math.min(numbers.of("decoderPictures"), store.size());
    Path before = work.resolve("decoder-start.safetensors");
    if (!Files.exists(before)) {
      AtomicFile.write(before, out -> Files.copy(FirstWeights.autoencoder(model), out));
    }
    ModelConfig shape = ModelConfig.read(model.resolve("vae/config.json"));
    DrawnLatents drawn = new DrawnLatents(base, store, renders);
    try (SeenError seen = SeenError.by(numbers.eyes(), model);
        EncodedCrops crops =
            new EncodedCrops(store, count, drawn::of, ProgressOutput.of("encode", count))) {
      new DecoderTraining(crops, seen, AutoencoderConfig.of(shape), before, numbers.of("seed"))
          .run(state, numbers.of("decoderSteps"));
    }
    TrimmedTokenizer.json(folder().resolve("vae/config.json"), shape.values());
    Map<String, String> made = new LinkedHashMap<>(made());
    made.put("after", FirstWeights.madeOf(before));
    made.put("eyes", eyes);
    PortraitFolder.weights(
        state, "ema.", folder().resolve("vae/diffusion_pytorch_model.safetensors"), made);
  }

  private void fewStep() {
    Path trained = work.resolve("few-step.safetensors");
    TrainingSettings training = TrainingSettings.fewStep(numbers.of("guidance"))
        .steps(numbers.of("fewStepSteps"))
        .batchSize(numbers.of("fewStepBatch"))
        .seed(numbers.of("seed"));
    List<TrainingExample> images = IntStream.range(
            0, Math.min(numbers.of("fewStepPictures"), store.size()))
        .mapToObj(i -> TrainingExample.of(store.image(i)).caption(renders.caption(i)))
        .toList();
    TrainingSet set = TrainingSet.ofExamples(images, new PersonToken("", "person", ""))
        .stateFile(work.resolve("few-step-state.safetensors"));
    try (LoraPerson nobody = new LoraTrainer(training).train(base, set, Run.of(told("few-step")))) {
      nobody.lora().save(trained);
    }
    PortraitFolder.weights(trained, "", folder().resolve("lora/few-step.safetensors"), made());
  }

  private Map<String, String> made() {
    return Map.of("commit", commit, "numbers", numbers.toString());
  }

  private static Progress told(String what) {
    double[] average = {Double.NaN};
    return event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        double loss = step.loss().getAsDouble();
        average[0] = Double.isNaN(average[0]) ? loss : 0.95 * average[0] + 0.05 * loss;
        if (step.step() % 20 == 0) {
          System.err.printf(
              Locale.ROOT,
              "%s step %d/%d loss %.4f%n",
              what,
              step.step(),
              step.steps(),
              average[0]);
        }
      }
    };
  }

  private Path folder() {
    return work.resolve("folder");
  }

  private Path eye() {
    return folder().resolve("ip_adapter/face_embedder");
  }

  private Path encoder() {
    return folder().resolve("image_encoder");
  }
}
