package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFamily.ControlNetKind;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.family.chroma.ChromaFamily;
import dev.likeness.diffusion.internal.family.flux.FluxFamily;
import dev.likeness.diffusion.internal.family.flux2.Flux2Family;
import dev.likeness.diffusion.internal.family.sd3.Sd3Family;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionFamily;
import dev.likeness.diffusion.internal.family.zimage.ZImageFamily;
import dev.likeness.diffusion.internal.file.MissingName;
import dev.likeness.diffusion.internal.file.NetworkPrefix;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The registry of families. Other modules refer to a family by its constant here. */
public final class FamilyRegistry {
  /** The prefix of averaged weights in checkpoints of latent diffusion's code. */
  static final String AVERAGED = "model_ema.";

  private static final List<ModelFamily> KNOWN = new ArrayList<>();

  public static final ModelFamily STABLE_DIFFUSION = register(new StableDiffusionFamily());
  public static final ModelFamily FLUX = register(new FluxFamily());
  public static final ModelFamily SD3 = register(new Sd3Family());
  public static final ModelFamily FLUX2 = register(new Flux2Family());
  public static final ModelFamily Z_IMAGE = register(new ZImageFamily());
  public static final ModelFamily CHROMA = register(new ChromaFamily());

  /** Known families that are not supported, by a tensor that only they have. */
  private static final Map<String, String> UNSUPPORTED =
      Map.of("layers.0.adaLN_modulation.1.weight", "Lumina 2", "edm_vpred.sigma_max", "CosXL");

  private FamilyRegistry() {}

  private static ModelFamily register(ModelFamily family) {
    KNOWN.add(family);
    return family;
  }

  /** Every family, in the order of detection. */
  public static List<ModelFamily> families() {
    return Collections.unmodifiableList(KNOWN);
  }

  /** Every kind of single files, the most specific first. */
  public static List<Variant> variants() {
    return KNOWN.stream().flatMap(family -> family.variants().stream()).toList();
  }

  /** Autoencoder classes that only one family has. */
  public static List<AutoencoderKind> autoencoders() {
    return KNOWN.stream().flatMap(family -> family.autoencoders().stream()).toList();
  }

  /** Kinds of ControlNets. */
  public static List<ControlNetKind> controlNets() {
    return KNOWN.stream().flatMap(family -> family.controlNets().stream()).toList();
  }

  /**
   * The variant of a single file with these tensors.
   *
   * @throws InvalidInputException if there is none
   */
  public static Variant variant(TensorNames names) {
    UNSUPPORTED.forEach((tensor, family) -> {
      if (names.has(tensor) || names.has(NetworkPrefix.PUBLISHED + tensor)) {
        throw new InvalidInputException(names.describe() + " is of the family " + family
            + ", which is not supported; give a checkpoint of " + variantNames());
      }
    });
    return findVariant(names)
        .orElseThrow(() -> new InvalidInputException(
            names.describe() + " is not a base model of a known family, as its tensor"
                + " names show; " + missing(names) + "give a checkpoint of "
                + variantNames() + ", or a diffusers folder"));
  }

  /** Advice in an error about a damaged file of a known family; empty for another file. */
  static String missing(TensorNames names) {
    TensorNames usable = AveragedNames.usable(names);
    List<String> near = variants().stream()
        .flatMap(variant -> MissingName.of(usable, variant::matches)
            .map(name -> Quoted.of(name) + " (" + variant.name() + ")")
            .stream())
        .toList();
    return near.isEmpty()
        ? ""
        : "it lacks only the tensor " + String.join(" or ", near) + ": download it again, or ";
  }

  /** Returns true if the file of a whole model has averaged (EMA) weights alone. */
  public static boolean hasOnlyAverages(TensorNames names) {
    return names.names().stream().anyMatch(name -> name.startsWith(AVERAGED))
        && names.names().stream().noneMatch(name -> name.startsWith(NetworkPrefix.PUBLISHED));
  }

  /**
   * The variant whose denoising network is among these tensors. Averaged (EMA) weights count if the
   * file has no others.
   */
  public static Optional<Variant> findVariant(TensorNames names) {
    TensorNames usable = AveragedNames.usable(names);
    return variants().stream().filter(variant -> variant.matches(usable)).findFirst();
  }

  /**
   * The names of a whole model's file with averaged (EMA) weights alone. The averaged weights have
   * the names of the network's own weights, which the file lacks.
   */
  record AveragedNames(TensorNames stored, Map<String, String> original) implements TensorNames {
    /** Returns {@code names}, or a view with usable names if it has averaged weights alone. */
    static TensorNames usable(TensorNames names) {
      if (names instanceof AveragedNames || !hasOnlyAverages(names)) {
        return names;
      }
      Map<String, String> original = new LinkedHashMap<>();
      names.names().forEach(name -> original.put(usable(name), name));
      return new AveragedNames(names, original);
    }

    /** The name under which an averaged weight is read; other names stay. */
    static String usable(String name) {
      String prefix = AVERAGED + "diffusion_model";
      if (!name.startsWith(prefix)) {
        return name;
      }
      String own = name.substring(prefix.length());
      return own.startsWith(".")
          ? NetworkPrefix.PUBLISHED + own.substring(1)
          : KNOWN.stream()
              .flatMap(family -> family.withDots(own).stream())
              .findFirst()
              .map(NetworkPrefix.PUBLISHED::concat)
              .orElse(name);
    }

    @Override
    public Set<String> names() {
      return Collections.unmodifiableSet(original.keySet());
    }

    @Override
    public long[] shape(String name) {
      return stored.shape(original.get(name));
    }

    @Override
    public DType dtype(String name) {
      return stored.dtype(original.get(name));
    }

    @Override
    public String describe() {
      return stored.describe();
    }
  }

  private static String variantNames() {
    return String.join(", ", variants().stream().map(Variant::name).toList());
  }

  /** The family of a model, by the class of its denoising network. */
  public static Optional<ModelFamily> find(ModelComponents components) {
    return KNOWN.stream()
        .filter(family -> family
            .network()
            .className()
            .equals(components.componentClass(family.network().component().folder())))
        .findFirst();
  }

  /**
   * Returns the family of a model.
   *
   * @throws InvalidInputException if no family has a network of that class
   */
  public static ModelFamily of(ModelComponents components) {
    String transformer = components.componentClass(ModelComponent.TRANSFORMER.folder());
    // The first family reports what a model without a transformer lacks.
    return find(components)
        .or(() -> transformer == null ? Optional.of(KNOWN.get(0)) : Optional.empty())
        .orElseThrow(() ->
            new InvalidInputException(components.describe() + ": its transformer is a "
                + Quoted.value(transformer) + "; supported: "
                + KNOWN.stream()
                    .map(ModelFamily::network)
                    .filter(network -> network.component() == ModelComponent.TRANSFORMER)
                    .map(ModelFamily.Network::className)
                    .collect(Collectors.joining(", "))));
  }

  /** Opens a model of any family, after checking its device. */
  public static OpenModel open(ModelComponents components, Compute compute) {
    compute.requireAvailable();
    return of(components).open(components, compute);
  }

  /**
   * Returns the result of {@code work}, which builds a model from configurations. Values that fit
   * no model are the fault of these files.
   *
   * @param where the model, for messages
   * @throws InvalidInputException if a value is refused as an argument, or numbers overflow
   */
  public static <T> T build(String where, Supplier<T> work) {
    try {
      return work.get();
    } catch (InvalidInputException e) {
      throw e;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new InvalidInputException(
          where + ": its configuration fits no model: "
              + Quoted.line(String.valueOf(e.getMessage())) + "; download its JSON files again",
          e);
    }
  }
}
