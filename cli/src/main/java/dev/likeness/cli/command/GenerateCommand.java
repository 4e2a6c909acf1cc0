package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.Lora;
import dev.likeness.provenance.Disclosure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code likeness generate}: generates images from a prompt. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Generates images from a prompt.")
public final class GenerateCommand implements Runnable, WritesFiles {
  private static final String[][] REQUIRED_OPTIONS = {
    {"--preview", "--preview-every"},
    {"--tensors", "--overwrite"},
    {"--image", "--image-strength", "--image-size"},
    {"--hires", "--hires-strength", "--hires-pixels"},
    {
      "--controlnet",
      "--control-scale",
      "--control-start",
      "--control-end",
      "--control-mode",
      "--control-mask",
      "--guess-mode"
    },
    {
      "--reference",
      "--ip-adapter",
      "--image-encoder",
      "--reference-blocks",
      "--adapter-embedder",
      "--face-parser",
      "--fallback-adapter",
      "--identity-controlnet"
    },
    {"--identity-controlnet", "--identity-control-scale", "--pose"},
    {
      "--face-guidance",
      "--face-guidance-embedder",
      "--face-guidance-decoder",
      "--face-guidance-every",
      "--face-guidance-gradient"
    }
  };
  private static final List<String> FACE_OPTIONS = List.of("--face-detector");

  private final Console console;

  @Mixin
  private PromptingOptions prompts;

  @Mixin
  private BaseOptions base;

  @Mixin
  private BaseOptions.MemoryOptions memory;

  @NumberRange(min = 1, max = NumberRange.MAX_STEPS)
  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "number of sampling steps (default: from the base)")
  private Integer steps;

  @Mixin
  private SchedulerOptions schedulers;

  @NumberRange
  @Option(
      names = "--guidance",
      paramLabel = "G",
      defaultValue = "NaN",
      description = "guidance scale: how closely images follow the prompt; 1 (0 on some bases) "
          + "turns guidance off, but not guidance that is embedded in the network (default: from "
          + "the base)")
  private double guidance;

  @Option(
      names = "--seed",
      paramLabel = "S",
      converter = GenerateOptions.SeedParser.class,
      defaultValue = "0",
      description =
          "seed: the noise of image i is generated from S + i (default: ${DEFAULT-VALUE})")
  private long seed;

  @Mixin
  private ImageSizeOption size;

  @NumberRange(min = 1, max = NumberRange.MAX_IMAGES)
  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "number of images (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--vae-tiling",
      description = "decodes the image in strips: gives the same image with less memory (always "
          + "on above 1024x1024)")
  private boolean tile;

  @Mixin
  private GenerateOptions guidanceOptions;

  @Mixin
  private NetworkOptions networkOptions;

  @Mixin
  private GenerateOptions.CachingOption caching;

  @Mixin
  private InitialImageOptions initial;

  @Mixin
  private RefinerOptions refiner;

  @PathUse(Use.READ)
  @ModelFile(Role.ACCELERATOR)
  @Option(
      names = "--lora",
      paramLabel = "FILE[@WEIGHT[:BLOCKS]]",
      converter = WeightedFile.Parser.class,
      description = "LoRA to apply; may be repeated. BLOCKS are weights of blocks, such as "
          + "down=0.5,mid=1,up.1=0.8, or a list of numbers as in the AUTOMATIC1111 web UI")
  private List<WeightedFile> loras = List.of();

  @Mixin
  private GenerateOptions.FewStepOption fewStep;

  @Mixin
  private IpAdapterOptions references;

  @Mixin
  private FaceGuidanceOption.TowardsPhotos faceGuidance;

  @Mixin
  private ControlOptions controls;

  @PathUse(Use.WRITTEN)
  @Option(
      names = "--tensors",
      paramLabel = "FILE",
      description =
          "also writes latents and images (f32, N x 3 x H x W, 0..1) to a safetensors file")
  private Path tensors;

  @Mixin
  private PreviewOptions previews;

  @Mixin
  private DisclosureOptions.SigningOptions signing;

  @Mixin
  private DisclosureOptions disclosure;

  @PathUse(Use.WRITTEN)
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "output folder for image-001.png and so on, and for images.json with the "
          + "settings of each image. If the folder has images, the numbers go on after them, and "
          + "the settings are in images-004.json if image-004.png is the first new image")
  private Path out;

  @Mixin
  private OverwriteOption overwrite;

  @Spec
  private CommandSpec spec;

  /** Creates the subcommand with the console that it prints to. */
  public GenerateCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    List<Output> outputs = new ArrayList<>(List.of(
        Output.folder("--out", out), Output.names("--out", out, ImageFolder.NumberedFiles.NAMES)));
    if (tensors != null) {
      outputs.add(Output.file("--tensors", tensors, overwrite.isGiven()));
    }
    return outputs;
  }

  @Override
  public void run() {
    ParseResult given = spec.commandLine().getParseResult();
    for (String[] options : REQUIRED_OPTIONS) {
      Stream.of(options)
          .filter(given::hasMatchedOption)
          .findFirst()
          .filter(option -> !option.equals(options[0]))
          .ifPresent(option -> {
            throw new IllegalArgumentException(
                option + " does nothing without " + options[0] + "; give both or neither");
          });
    }
    boolean guided = given.hasMatchedOption("--face-guidance");
    if (!guided && !given.hasMatchedOption("--reference")) {
      FACE_OPTIONS.stream().filter(given::hasMatchedOption).findFirst().ifPresent(option -> {
        throw new IllegalArgumentException(
            option + " does nothing without --reference or --face-guidance; leave it out");
      });
    }
    disclosure.disclosure(signing);
    AtomicFile.Writable.requireFolder(out);
    if (tensors != null) {
      AtomicFile.Writable.requireFile(tensors);
    }
    ImageRequest plain = withNumbers(prompts.request().seed(seed).count(count));
    ImageRequest request = schedulers.apply(
        caching.apply(networkOptions.apply(guidanceOptions.apply(initial.apply(
            fewStep.apply(tile ? plain.withVaeTiling() : plain, schedulers.isNamed()))))),
        steps);
    List<WeightedFile> wanted =
        Stream.concat(loras.stream(), fewStep.lora(base).stream()).toList();
    wanted.forEach(WeightedFile::requireReadable);
    List<AutoCloseable> open = new ArrayList<>();
    try (FaceGuidanceOption.TowardsPhotos.Prepared guiding =
            faceGuidance.prepare(base.folder(), references.detector(), base.policy());
        IpAdapterOptions.Prepared showing =
            references.prepare(base.folder(), base.compute(), base.policy(), guided, console)) {
      request = controls.apply(request, base.compute(), open, console);
      try (BaseModel model =
          memory.open(base, request, showing.controlNetBytes(), console).offloading()) {
        for (WeightedFile lora : wanted) {
          Lora attached = Lora.open(lora.file(), model, Run.of(console.cancellation()));
          open.add(attached);
          request = request.adapter(lora.adapter(attached));
        }
        request = refiner.apply(request, model);
        if (!spec.commandLine().getParseResult().hasMatchedOption("--few-step")) {
          CatalogueRecipe.tellOfKind(model, request, givenSettings(), console);
        }
        Path folder = model.folder().orElseGet(base::folder);
        try (FaceGuidanceOption.TowardsPhotos.Opened held = guiding.open(folder, model);
            IpAdapterOptions.OpenedAdapter shown =
                references.open(showing, model, request, console)) {
          request = held.apply(request);
          write(
              model,
              shown.adapter().isPresent() ? request.adapter(shown.adapter().get()) : request);
        }
      }
    } finally {
      open.forEach(GenerateCommand::close);
    }
  }

  private static void close(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      throw new IllegalStateException(
          "a LoRA or ControlNet cannot be closed: " + e.getMessage(), e);
    }
  }

  private void write(BaseModel model, ImageRequest request) {
    Disclosure marking = disclosure.disclosure(signing).edited(request.isMadeFromImages());
    ImageFolder.NumberedFiles files = new ImageFolder.NumberedFiles(out);
    List<Map<String, Object>> written = new ArrayList<>();
    List<GeneratedImage> dumped = new ArrayList<>();
    Consumer<GeneratedImage> finish = image -> {
      Path file = files.writeImage(whole -> marking.writePng(image.image(), whole));
      console.out().println(file);
      console.out().flush();
      written.add(ImageFolder.entry(model, image, file));
      if (tensors != null) {
        dumped.add(image);
      }
    };
    List<GeneratedImage> begun = new ArrayList<>();
    try {
      previews.generate(
          model, base, request, refiner.isGiven() ? begun::add : finish, files, marking, console);
      if (refiner.isGiven()) {
        refiner.refine(request, begun, base, memory, finish, console);
      }
    } catch (RuntimeException | Error e) {
      try {
        record(model, files, written);
      } catch (RuntimeException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
    record(model, files, written);
    if (tensors != null) {
      Path file = ResultFile.write(
          tensors,
          overwrite.isGiven(),
          whole -> ImageFolder.TensorDump.write(whole, model, dumped));
      ResultFile.printOther(file, tensors, console);
    }
  }

  private void record(
      BaseModel model, ImageFolder.NumberedFiles files, List<Map<String, Object>> images) {
    if (!images.isEmpty()) {
      files.writeRecord(ImageFolder.of(model, spec.commandLine().getParseResult(), images)::write);
    }
  }

  private CatalogueRecipe.Given givenSettings() {
    return new CatalogueRecipe.Given(
        steps != null || schedulers.hasOwnSteps(), !Double.isNaN(guidance), schedulers.isGiven());
  }

  private ImageRequest withNumbers(ImageRequest asked) {
    ImageRequest request = asked;
    if (!spec.commandLine().getParseResult().hasMatchedOption("--few-step")) {
      ParseResult given = spec.commandLine().getParseResult();
      CatalogueRecipe recipe = CatalogueRecipe.ofImage(
          base,
          givenSettings(),
          !given.hasMatchedOption("--image") && !given.hasMatchedOption("--controlnet"));
      recipe.tell(console);
      request = recipe.apply(asked);
    }
    ImageRequest counted = steps == null ? request : request.steps(steps);
    ImageRequest guided = Double.isNaN(guidance) ? counted : counted.guidance(guidance);
    return size.apply(guided);
  }
}
