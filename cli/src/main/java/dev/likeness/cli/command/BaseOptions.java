package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.Recognition;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.schedulers.Prediction;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that choose the base model and the device. */
@Command(optionListHeading = "Base model and device")
final class BaseOptions {
  /** The name of the embedded model. */
  static final String EMBEDDED = "portrait";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @PathUse(value = Use.READ, except = EMBEDDED)
  @Option(
      names = "--base",
      paramLabel = "BASE",
      defaultValue = EMBEDDED,
      description = "base model: a diffusers folder, a checkpoint file, a name of likeness models "
          + "list, owner/name of the hub's cache, or portrait, the embedded model (default: "
          + "${DEFAULT-VALUE})")
  private String base;

  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--vae",
      paramLabel = "DIR|FILE",
      description = "autoencoder to use instead of the base's own")
  private Path vae;

  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--part",
      paramLabel = "COMPONENT=DIR|FILE",
      description = "file or folder that replaces a component of the base, such as "
          + "text_encoder_2=DIR for a T5 encoder with its tokenizer; may be repeated")
  private Map<String, Path> parts = Map.of();

  @Option(
      names = "--prediction-type",
      paramLabel = "TYPE",
      description = "prediction type of the base's UNet: epsilon, v_prediction or sample (default: "
          + "as stated in its files)")
  private String prediction;

  @Mixin
  private ComputeOptions compute;

  @Mixin
  private CommercialOption use;

  /** Returns the files of the base, with replaced components. */
  ModelFiles files() {
    ModelFiles files = ModelFiles.of(folder());
    for (Map.Entry<String, Path> part : parts.entrySet()) {
      files = files.with(part.getKey(), part.getValue());
    }
    ModelFiles all = vae == null ? files : files.with("vae", vae);
    return prediction == null ? all : all.prediction(Prediction.parse(prediction));
  }

  BaseModel open() {
    return open(compute());
  }

  /** Opens the base with its UNet or transformer in 8 bits. */
  BaseModel openInEightBits() {
    return open(files(), MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS));
  }

  /** Opens the base in f32 unless --dtype is given, for work that a lower precision would spoil. */
  BaseModel openExact() {
    return open(compute.exact());
  }

  private BaseModel open(ModelFiles files, MemoryBudget budget) {
    return permitted(
        files,
        () -> budget == null
            ? BaseModel.open(files, compute())
            : BaseModel.open(files, compute(), budget));
  }

  private BaseModel open(Compute on) {
    return permitted(files(), () -> BaseModel.open(files(), on));
  }

  /** Opens another base on the device of a model. */
  BaseModel openOther(Path path, Compute on) {
    return permitted(ModelFiles.of(path), () -> BaseModel.open(path, on));
  }

  /**
   * Opens a model whose licence permits the use: by the catalogue's entry for its files, if there
   * is one, or by its networks. Every command opens its bases here.
   */
  private BaseModel permitted(ModelFiles files, Supplier<BaseModel> opening) {
    if (use.policy() == UsePolicy.COMMERCIAL) {
      ModelPlaces.catalogued(files.path()).ifPresent(use.policy()::require);
    }
    BaseModel opened = opening.get();
    try {
      use.policy().require(opened);
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /** Returns the accepted licences. */
  UsePolicy policy() {
    return use.policy();
  }

  /** Returns true if no component is replaced. */
  boolean isUnmodified() {
    return vae == null && parts.isEmpty() && prediction == null;
  }

  /** Returns true if the base is the embedded model. */
  boolean isEmbedded() {
    return base.equals(EMBEDDED);
  }

  /** Returns the device and dtype. */
  Compute compute() {
    return compute.compute();
  }

  /** Says, after a result of the embedded model, how to get another, unless the user chose it. */
  void tellOfOthers(Console console) {
    if (!command.commandLine().getParseResult().hasMatchedOption("--base")) {
      // The catalogue begins with the base that needs least.
      String first =
          ModelCatalogue.builtIn().models(CatalogueModel.Role.BASE).get(0).name();
      console
          .err()
          .println(EMBEDDED + " generates synthetic people; for photographs of real people:" + " "
              + TypedCommand.of("models get ") + first + ", then --base " + first);
    }
  }

  /** Returns the entry of the catalogue that {@code --base} names, here or not. */
  Optional<CatalogueModel> named() {
    // No name of the catalogue is such a path, and reading the catalogue delays the launch.
    return isEmbedded() || ModelPlaces.isPathAlone(base)
        ? Optional.empty()
        : ModelCatalogue.builtIn().find(base);
  }

  /** Returns the entry of the catalogue for the base: by its name, or its folder in the cache. */
  Optional<CatalogueModel> catalogued() {
    Path files = folder();
    Optional<CatalogueModel> named = named();
    return named.isPresent() || isEmbedded() ? named : ModelPlaces.catalogued(files);
  }

  /**
   * Returns the base of the catalogue whose settings suit this base: the same base, or the first of
   * its kind; empty if there is none, or the files do not open.
   */
  Optional<CatalogueRecipe.Known> known() {
    Optional<CatalogueModel> same = catalogued();
    if (same.isPresent() || isEmbedded()) {
      return same.map(model -> new CatalogueRecipe.Known(model, true));
    }
    try {
      ModelComponents files = ModelOpener.open(folder());
      ModelComponents predicting = prediction == null
          ? files
          : new ModelComponents.Predicting(files, Prediction.parse(prediction));
      return Recognition.of(predicting, ModelExtras.of(files.folder()))
          .map(model -> new CatalogueRecipe.Known(model, false));
    } catch (LikenessException e) {
      // Opening the base reports it.
      return Optional.empty();
    }
  }

  /** Returns the name of the base as given. */
  String name() {
    return base;
  }

  /** Returns the folder or file of the base. */
  Path folder() {
    return isEmbedded() ? PortraitModel.files() : ModelPlaces.findBase(base);
  }

  /** The options for device and dtype, which every computing subcommand has. */
  @Command(optionListHeading = "Base model and device")
  static final class ComputeOptions {
    @Option(
        names = "--device",
        paramLabel = "D",
        description = "cpu, cuda, or cuda:N for GPU N, counted from 0 (default: the fastest device "
            + "found)")
    private String device;

    @Option(
        names = "--dtype",
        paramLabel = "T",
        description =
            "f32, bf16 or f16 (default: the fastest type with enough precision on the device); "
                + "give f16 for GPUs older than Ampere")
    private String dtype;

    Compute compute() {
      return dtype == null ? Compute.of(where()) : Compute.of(where(), dtype);
    }

    /** Returns the device and element type, f32 unless --dtype is given. */
    Compute exact() {
      return Compute.of(where(), dtype == null ? "f32" : dtype);
    }

    private String where() {
      return device == null ? Compute.best().device() : device;
    }
  }

  /** The options that limit memory. */
  @Command(optionListHeading = "Speed and memory")
  static final class MemoryOptions {
    @Option(
        names = "--memory",
        paramLabel = "SIZE",
        description = "memory limit, such as 12GiB: weights are loaded when they are needed, and "
            + "the memory plan is printed. ControlNets are part of the plan; LoRAs and adapters need "
            + "memory beyond this limit")
    private String memory;

    @Option(
        names = "--eight-bits",
        description =
            "stores the UNet or transformer in 8 bits: takes less memory, is slower, and gives "
                + "nearly the same image. With --memory it is used only if the memory plan needs "
                + "it")
    private boolean eightBits;

    @Option(
        names = "--eight-bit-products",
        description =
            "multiplies in 8 bits in the layers of the UNet or transformer, and gives nearly the "
                + "same image. It is for a CPU with VNNI and a base with a calibration (likeness "
                + "calibrate), or for a file of F8_E4M3 weights on a GPU. Cannot be combined with "
                + "--eight-bits")
    private boolean eightBitProducts;

    @PathUse(Use.READ)
    @Option(
        names = "--calibration",
        paramLabel = "FILE",
        description = "calibration of the base for --eight-bit-products on a CPU, made by likeness "
            + "calibrate (default: the file beside the base, if there is one)")
    private Path calibration;

    /** Returns true if the memory is limited, or saved at the cost of time. */
    boolean isGiven() {
      return memory != null || eightBits || eightBitProducts;
    }

    /**
     * Opens {@code base} for a request within the memory limit, in 8 bits if requested.
     *
     * @param others bytes of networks beside the base and the request's ControlNets
     */
    BaseModel open(BaseOptions base, ImageRequest request, long others, Console console) {
      long beside = others + controlNetBytes(request);
      return open(
          base, calibrated(base), budget(request.width(), request.height(), beside), console);
    }

    /**
     * Opens {@code base} for square images; empty for the base's own size.
     *
     * @param others the ControlNet beside the base; empty for none
     */
    BaseModel open(
        BaseOptions base, OptionalInt side, Optional<ControlNet> others, Console console) {
      long beside = others.map(ControlNet::memoryBytes).orElse(0L);
      return open(base, calibrated(base), budget(side, side, beside), console);
    }

    private ModelFiles calibrated(BaseOptions base) {
      ModelFiles files = base.files();
      return calibration == null ? files : files.calibration(calibration);
    }

    private static long controlNetBytes(ImageRequest request) {
      return request.controlImages().stream()
          .map(ControlImage::controlNet)
          .distinct()
          .mapToLong(ControlNet::memoryBytes)
          .sum();
    }

    /** Opens the model of {@code path} on the device of {@code base}, within the same limit. */
    BaseModel open(BaseOptions base, Path path, ImageRequest request, Console console) {
      return open(base, ModelFiles.of(path), budget(request.width(), request.height(), 0), console);
    }

    private BaseModel open(
        BaseOptions base, ModelFiles files, MemoryBudget budget, Console console) {
      BaseModel opened = base.open(files, budget);
      if (memory != null) {
        opened.memoryPlan().ifPresent(console.err()::println);
      }
      return opened;
    }

    /**
     * Returns the memory budget for images of a size beside other networks; null if nothing limits
     * memory.
     */
    private MemoryBudget budget(OptionalInt width, OptionalInt height, long others) {
      if (eightBitProducts && eightBits) {
        throw new IllegalArgumentException("--eight-bit-products cannot be combined with"
            + " --eight-bits; leave out one of the two options");
      }
      if (calibration != null && !eightBitProducts) {
        throw new IllegalArgumentException(
            "--calibration does nothing without --eight-bit-products; give both or neither");
      }
      if (memory == null) {
        return eightBits || eightBitProducts
            ? MemoryBudget.unlimited().allow8Bit(eightBits ? EightBits.WEIGHTS : EightBits.PRODUCTS)
            : null;
      }
      return new MemoryBudget(
          MemoryBudget.of(memory).bytes(),
          eightBitProducts ? EightBits.PRODUCTS : eightBits ? EightBits.IF_NEEDED : EightBits.NEVER,
          width,
          height,
          OptionalInt.empty(),
          others);
    }
  }
}
