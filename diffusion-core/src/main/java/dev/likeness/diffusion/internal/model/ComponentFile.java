package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Leftovers;
import dev.likeness.diffusion.internal.file.MissingName;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A network in a folder or file of its own, which replaces a component of a model. Options that its
 * tensors do not determine (an activation, the latents' scale) are those of the model, or defaults
 * without a model.
 *
 * @param weights opens its tensors, under canonical names
 * @param scheduler the scheduler of a denoising network; null if it is not known
 */
public record ComponentFile(
    String className, ModelConfig config, Supplier<TensorSource> weights, ModelConfig scheduler) {
  private static final Set<String> DENOISING = Set.of("unet", "transformer");
  /** A network without a scheduler. */
  private ComponentFile(String className, ModelConfig config, Supplier<TensorSource> weights) {
    this(className, config, weights, null);
  }

  /** A component of a whole model, with {@code scheduler} if it is the denoising network. */
  private static ComponentFile of(ModelComponents files, String component, ModelConfig scheduler) {
    if (files.componentClass(component) == null) {
      throw new InvalidInputException(files.describe() + " has no " + component
          + "; add it with --part " + component + "=PATH or ModelFiles.with");
    }
    return new ComponentFile(
        files.componentClass(component),
        files.config(component),
        () -> files.weights(component),
        DENOISING.contains(component) ? scheduler : null);
  }

  /** A component of a diffusers folder, with its scheduler if the folder has it. */
  static ComponentFile of(ModelFolder folder, String component) {
    boolean isDenoiser = DENOISING.contains(component)
        && ModelFile.exists(folder.root().resolve("scheduler/scheduler_config.json"));
    return of(folder, component, isDenoiser ? folder.scheduler() : null);
  }

  /** Opens the network in {@code path} as {@code component} of {@code base}. */
  public static ComponentFile find(ModelComponents base, String component, Path path) {
    Path config = Files.isDirectory(path) ? path.resolve("config.json") : configBeside(path);
    if (Files.isDirectory(path)) {
      return withConfig(
          component, ModelConfig.read(config), () -> new ComponentFolder(path, null).open());
    }
    TensorNames keys = TensorFileFormat.list(path);
    ComponentFile foreign = foreign(base, component, path, keys);
    if (foreign != null) {
      return foreign;
    }
    if (ModelFile.exists(config)) {
      return withConfig(component, ModelConfig.read(config), () -> TensorFileFormat.open(path));
    }
    return canonical(base, component, path, keys);
  }

  // Of two editions in one folder, one has its own config name: diffusion_pytorch_model_promax
  // and config_promax.
  private static Path configBeside(Path file) {
    Path own = file.resolveSibling(file.getFileName()
        .toString()
        .replaceFirst("^diffusion_pytorch_model(.*)\\.\\w+$", "config$1.json"));
    return !own.equals(file) && ModelFile.exists(own) ? own : file.resolveSibling("config.json");
  }

  private static ComponentFile withConfig(
      String component, ModelConfig config, Supplier<TensorSource> files) {
    List<String> architectures =
        config.has("architectures") ? config.texts("architectures", List.of()) : List.of();
    String className = Quoted.value(
        config.text("_class_name", architectures.isEmpty() ? "unknown" : architectures.get(0)));
    return new ComponentFile(
        className,
        config,
        () -> ComponentFolder.LegacyKeys.canonical(className, component, files.get()));
  }

  private static ComponentFile foreign(
      ModelComponents base, String component, Path path, TensorNames keys) {
    if (component.equals("controlnet")) {
      return FamilyRegistry.controlNets().stream()
          .flatMap(kind -> kind.detect(String.valueOf(path.getFileName()), keys).stream())
          .findFirst()
          .map(found -> new ComponentFile(
              found.className(), found.config(), () -> canonical(path, keys, found.layout())))
          .orElse(null);
    }
    if (FamilyRegistry.findVariant(keys).isPresent()) {
      // A file does not have the head channels of each axis of a small transformer.
      SingleFile whole = SingleFile.open(
          path,
          component.equals("transformer") && base != null && base.componentClass(component) != null
              ? Map.of(component, base.config(component).values())
              : Map.of());
      if (whole.componentClass(component) != null) {
        return of(whole, component, whole.declaresPrediction() ? whole.scheduler() : null);
      }
    }
    if (component.equals("vae")) {
      for (String prefix : List.of("first_stage_model.", "vae.", "")) {
        KeyMapping layout = AutoencoderKeyFormat.layout(keys, prefix);
        if (layout != null) {
          CanonicalTensors own = new CanonicalTensors(keys, layout);
          return remapped(
              base,
              component,
              path,
              keys,
              layout,
              AutoencoderKeyFormat.config(own, FamilyRegistry.autoencoders()),
              AutoencoderKind.of(own, FamilyRegistry.autoencoders()).className());
        }
      }
    }
    return component.startsWith("text_encoder")
        ? textEncoder(base, component, path, keys).orElse(null)
        : null;
  }

  private static Optional<ComponentFile> textEncoder(
      ModelComponents base, String component, Path path, TensorNames keys) {
    return LanguageModelFile.find(component, path, keys)
        .or(() -> ClipFile.find(base, component, path, keys));
  }

  // Opens the component of a file without others, and refuses what belongs to it and is unknown.
  private static TensorSource canonical(Path path, TensorNames keys, KeyMapping layout) {
    new Leftovers(keys, List.of(layout)).requireNone(layout);
    return new CanonicalTensors.CanonicalSource(TensorFileFormat.open(path), layout);
  }

  static ComponentFile whole(
      String className,
      Map<String, Object> config,
      String component,
      Path path,
      TensorNames keys,
      KeyMapping layout) {
    return new ComponentFile(
        className,
        ModelConfig.of(config, path + " (" + component + ")"),
        () -> canonical(path, keys, layout));
  }

  static ComponentFile remapped(
      ModelComponents base,
      String component,
      Path path,
      TensorNames keys,
      KeyMapping layout,
      Map<String, Object> shapes,
      String className) {
    Map<String, Object> options = knownOptions(base, component);
    options.putAll(shapes);
    return new ComponentFile(
        className,
        ModelConfig.of(options, path + " (" + component + ")"),
        () -> canonical(path, keys, layout));
  }

  private static ComponentFile canonical(
      ModelComponents base, String component, Path path, TensorNames keys) {
    Map<String, Object> options = knownOptions(base, component);
    String className = className(base, component);
    if (component.equals("controlnet")) {
      requireConfig(path, keys);
    }
    if (component.equals("vae")
        && keys.has("decoder.layers.0.weight")
        && keys.has("encoder.layers.0.weight")) {
      options = new LinkedHashMap<>(AutoencoderKeyFormat.tinyConfig(keys));
      className = "AutoencoderTiny";
    } else if (component.equals("vae") && keys.has("decoder.up_blocks.0.resnets.0.conv1.weight")) {
      options.putAll(AutoencoderKeyFormat.config(keys, FamilyRegistry.autoencoders()));
      className = AutoencoderKind.of(keys, FamilyRegistry.autoencoders()).className();
    } else if (!keys.has(
            component.equals("unet") ? "conv_in.weight" : "transformer_blocks.0.attn.to_q.weight")
        || options.isEmpty()) {
      String hint = component.startsWith("text_encoder")
          ? MissingName.hint(
              keys, names -> textEncoder(base, component, path, names).isPresent())
          : "";
      throw new InvalidInputException(path + " has no " + component + hint
          + " in a known key format"
          + " (number of tensors: " + keys.names().size()
          + "); "
          + (DENOISING.contains(component) ? FamilyRegistry.missing(keys) : "")
          + "give the component's folder, or a file with the key names of diffusers,"
          + " transformers, OpenCLIP or latent diffusion");
    }
    if (component.equals("unet")) {
      options.remove("time_cond_proj_dim");
      String guidance = "time_embedding.cond_proj.weight";
      if (keys.has(guidance)) {
        long[] shape = keys.shape(guidance);
        if (shape.length != 2) {
          throw new InvalidInputException(path + ": tensor \"" + guidance + "\" has " + shape.length
              + " dimensions, expected 2 (width, guidance embedding); download the file again");
        }
        options.put("time_cond_proj_dim", (int) shape[1]);
      }
    }
    String known = className;
    return new ComponentFile(
        known,
        ModelConfig.of(options, path + " (" + component + ")"),
        () -> ComponentFolder.LegacyKeys.canonical(known, component, TensorFileFormat.open(path)));
  }

  /**
   * Opens an autoencoder of its own: a folder with its config, or a file in any key format. A file
   * without a latent scale has that of SD 1.x.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is none, or its class is
   *     not supported
   */
  public static LoadedAutoencoder openAutoencoder(Path path, Compute compute) {
    ComponentFile part = find(null, "vae", path);
    AutoencoderKind kind = AutoencoderKind.named(part.className(), FamilyRegistry.autoencoders());
    return FamilyRegistry.build(
        path.toString(),
        () -> LoadedAutoencoder.open(
            kind, part.config(), on -> new LoadedWeights(part.weights().get(), on), compute));
  }

  /** Refuses a ControlNet's file in diffusers' key format without its config. */
  private static void requireConfig(Path path, TensorNames keys) {
    if (FamilyRegistry.controlNets().stream()
        .flatMap(kind -> kind.signatures().stream())
        .anyMatch(keys::has)) {
      throw new InvalidInputException(
          path + " is a ControlNet without its config.json; put the published config.json beside"
              + " the file");
    }
  }

  // The family's options if the model lacks the component, else those of its component.
  static Map<String, Object> knownOptions(ModelComponents base, String component) {
    Map<String, Object> options = new LinkedHashMap<>();
    if (base == null) {
      return options;
    }
    if (base.componentClass(component) != null
        && base.componentClass(component).equals(className(base, component))) {
      options.putAll(base.config(component).values());
    } else {
      base.variant()
          .ifPresent(variant -> options.putAll(variant.builtInOptions(component, Map.of())));
    }
    return options;
  }

  private static String transformerClass(ModelComponents base) {
    String known = base == null ? null : base.componentClass("transformer");
    return known == null ? "unknown" : known;
  }

  private static String className(ModelComponents base, String component) {
    return switch (component) {
      case "vae" -> "AutoencoderKL";
      case "unet" -> "UNet2DConditionModel";
      case "transformer" -> transformerClass(base);
      case "text_encoder_2" -> "CLIPTextModelWithProjection";
      default -> "CLIPTextModel";
    };
  }
}
