package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/** The keys of a file that belong to one layer. */
final class LayerKeys {
  private static final long[] NONE = {};

  /**
   * The required and the optional tensors of an algorithm, and those of others that it may have
   * beside them.
   */
  private record Roles(Set<LoraKey> required, Set<LoraKey> optional, Set<LoraKey> beside) {
    static Roles of(LoraKey... required) {
      return new Roles(Set.of(required), Set.of(), Set.of());
    }

    Roles or(LoraKey... others) {
      return new Roles(required, Set.of(others), beside);
    }

    Roles beside(LoraKey... others) {
      return new Roles(required, optional, Set.of(others));
    }

    boolean know(LoraKey role) {
      return required.contains(role)
          || optional.contains(role)
          || beside.contains(role)
          || ANYWHERE.contains(role);
    }

    boolean areIn(LayerKeys keys) {
      return Stream.concat(required.stream(), optional.stream()).anyMatch(keys::has);
    }
  }

  private static final Set<LoraKey> ANYWHERE = Set.of(
      LoraKey.ALPHA,
      LoraKey.MAGNITUDE,
      LoraKey.DIFF_B,
      LoraKey.B_NORM,
      LoraKey.BIAS_UP,
      LoraKey.SET_B,
      LoraKey.RESHAPE);

  /** Numbers and shapes, which may be of any type. */
  private static final Set<LoraKey> COUNTS =
      Set.of(LoraKey.ALPHA, LoraKey.ON_INPUT, LoraKey.RESHAPE, LoraKey.OFT_SCALED);

  /** The roles by algorithm, in the order in which algorithms are tried. */
  private static final Map<LoraAlgorithm, Roles> ROLES = new EnumMap<>(LoraAlgorithm.class);

  static {
    ROLES.put(
        LoraAlgorithm.LORA,
        Roles.of(LoraKey.DOWN, LoraKey.UP).or(LoraKey.MID, LoraKey.SINGULAR_VALUES));
    ROLES.put(
        LoraAlgorithm.EMBEDDING,
        Roles.of(LoraKey.EMBEDDING_A, LoraKey.EMBEDDING_B).beside(LoraKey.SET));
    ROLES.put(
        LoraAlgorithm.LOHA,
        Roles.of(LoraKey.HADA_W1_A, LoraKey.HADA_W1_B, LoraKey.HADA_W2_A, LoraKey.HADA_W2_B)
            .or(LoraKey.HADA_T1, LoraKey.HADA_T2));
    ROLES.put(
        LoraAlgorithm.LOKR,
        Roles.of()
            .or(
                LoraKey.LOKR_W1,
                LoraKey.LOKR_W1_A,
                LoraKey.LOKR_W1_B,
                LoraKey.LOKR_W2,
                LoraKey.LOKR_W2_A,
                LoraKey.LOKR_W2_B,
                LoraKey.LOKR_T2));
    ROLES.put(
        LoraAlgorithm.GLORA,
        Roles.of(LoraKey.A1, LoraKey.A2, LoraKey.B1, LoraKey.B2).or(LoraKey.BM));
    ROLES.put(LoraAlgorithm.OFT, Roles.of(LoraKey.OFT_BLOCKS).or(LoraKey.RESCALE));
    ROLES.put(LoraAlgorithm.PEFT_OFT, Roles.of(LoraKey.OFT_R).or(LoraKey.OFT_SCALED));
    ROLES.put(LoraAlgorithm.OLD_PEFT_OFT, Roles.of(LoraKey.OFT_MATRICES).or(LoraKey.OFT_LENGTHS));
    ROLES.put(LoraAlgorithm.PEFT_BOFT, Roles.of(LoraKey.BOFT_MATRICES, LoraKey.BOFT_LENGTHS));
    ROLES.put(LoraAlgorithm.IA3, Roles.of(LoraKey.CHANNEL_SCALE, LoraKey.ON_INPUT));
    ROLES.put(LoraAlgorithm.PEFT_IA3, Roles.of(LoraKey.CHANNEL_FACTOR));
    ROLES.put(LoraAlgorithm.FULL, Roles.of(LoraKey.DIFF));
    ROLES.put(LoraAlgorithm.NORM, Roles.of(LoraKey.W_NORM));
    ROLES.put(LoraAlgorithm.SET, Roles.of(LoraKey.SET));
    ROLES.put(LoraAlgorithm.BIAS, Roles.of());
  }

  private final TargetLayer layer;
  private final TensorSource source;
  private final Map<LoraKey, String> keys = new EnumMap<>(LoraKey.class);
  private final Map<LoraKey, String> fileKey = new EnumMap<>(LoraKey.class);

  LayerKeys(TargetLayer layer, TensorSource source) {
    this.layer = layer;
    this.source = source;
  }

  /** Returns the same keys for another layer. */
  LayerKeys forLayer(TargetLayer other) {
    LayerKeys same = new LayerKeys(other, source);
    same.keys.putAll(keys);
    same.fileKey.putAll(fileKey);
    return same;
  }

  /**
   * Returns the keys for the narrow first layer, if they fit only that: a layer that has no more
   * input channels than the latents.
   */
  LayerKeys asTrained(TargetLayer narrow) {
    return layer.name().equals(narrow.name()) && !fit() && forLayer(narrow).fit()
        ? forLayer(narrow)
        : this;
  }

  /** Returns true for a pair of LoRA's factors with a bias of the second, and no other change. */
  boolean isPairWithBias() {
    return has(LoraKey.BIAS_UP)
        && algorithm().filter(LoraAlgorithm.LORA::equals).isPresent()
        && !hasAny(LoraKey.DIFF_B, LoraKey.B_NORM, LoraKey.SET_B, LoraKey.MAGNITUDE);
  }

  TargetLayer layer() {
    return layer;
  }

  /**
   * Adds a key, if its role is still free.
   *
   * @param file the name of the key in the file itself
   * @return true if it was added
   */
  boolean put(LoraKey role, String key, String file) {
    if (keys.putIfAbsent(role, key) != null) {
      return false;
    }
    fileKey.put(role, file);
    return true;
  }

  /** Returns the name in the file of the tensor in that role. */
  String fileKey(LoraKey role) {
    return fileKey.get(role);
  }

  /**
   * Returns the layer's names: its name in diffusers, and its name in the file with and without the
   * prefix of a program.
   */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>(List.of(layer.path()));
    fileKey.values().stream().flatMap(key -> LoraKey.split(key).stream()).forEach(cut -> {
      names.add(LoraKeyConversion.stem(cut.stem()));
      names.add(cut.stem());
    });
    return names;
  }

  boolean has(LoraKey... roles) {
    return Stream.of(roles).allMatch(keys::containsKey);
  }

  boolean hasAny(LoraKey... roles) {
    return Stream.of(roles).anyMatch(keys::containsKey);
  }

  Map<LoraKey, String> keys() {
    return keys;
  }

  /** Returns the shape of the tensor in that role; empty if there is none. */
  long[] shape(LoraKey role) {
    return has(role) ? source.shape(keys.get(role)) : NONE;
  }

  /** Returns the size of one dimension of that tensor; 0 if there is none. */
  long size(LoraKey role, int dimension) {
    long[] shape = shape(role);
    return dimension < shape.length ? shape[dimension] : 0;
  }

  long elements(LoraKey role) {
    return has(role) ? Arrays.stream(shape(role)).reduce(1, (a, b) -> a * b) : 0;
  }

  /** Returns the tensor in that role as stored, or null. */
  Tensor read(LoraKey role) {
    return has(role) ? source.read(keys.get(role)) : null;
  }

  /**
   * Returns the factor with as many dimensions as its layer's weight; linear and 1x1 convolutional
   * factors are equivalent.
   */
  Tensor readLikeLayer(LoraKey role) {
    Tensor factor = read(role);
    if (factor == null || layer.isConvolution() == (factor.dim() == 4)) {
      return factor;
    }
    return layer.isConvolution()
        ? factor.view(factor.size(0), factor.size(1), 1, 1)
        : factor.view(factor.size(0), factor.size(1));
  }

  /** Returns true if the number in that role is not 0. */
  boolean isSet(LoraKey role) {
    try (TensorScope scope = TensorScope.open()) {
      return read(role).item_double() != 0;
    }
  }

  /** Returns the file's own alpha, which is finite, or NaN if it has none. */
  double alpha() {
    return has(LoraKey.ALPHA) ? source.read(keys.get(LoraKey.ALPHA)).item_double() : Double.NaN;
  }

  /** Returns the file's own alpha; NaN if it has none, or one of a wrong shape. */
  double ownAlpha() {
    try (TensorScope scope = TensorScope.open()) {
      return elements(LoraKey.ALPHA) == 1 ? alpha() : Double.NaN;
    }
  }

  /**
   * Refuses factors of whole numbers. Without the scale of their format they are no weights.
   *
   * @throws InvalidInputException if there is one; the message names it
   */
  void requireFloats() {
    keys.forEach((role, key) -> {
      if (!COUNTS.contains(role) && !source.dtype(key).isFloating()) {
        throw new InvalidInputException(source.describe() + ": " + Quoted.of(fileKey(role))
            + " is of type " + source.dtype(key) + " without a scale, so it is not a usable"
            + " weight; "
            + "give the LoRA in bf16, f16 or f32");
      }
    });
  }

  /** Returns the algorithm of these tensors; empty if they belong to none. */
  Optional<LoraAlgorithm> algorithm() {
    return ROLES.entrySet().stream()
        .filter(each -> each.getValue().areIn(this))
        .map(Map.Entry::getKey)
        .findFirst()
        .or(() -> Optional.of(LoraAlgorithm.BIAS)
            .filter(bias -> hasAny(LoraKey.DIFF_B, LoraKey.B_NORM, LoraKey.SET_B)));
  }

  /**
   * Returns the roles whose tensors have a wrong shape, and roles that the algorithm does not use.
   */
  List<LoraKey> misshapen() {
    return algorithm()
        .map(ROLES::get)
        .map(roles -> keys.keySet().stream()
            .filter(role -> !roles.know(role) || !FactorCheck.matchesShape(this, role))
            .toList())
        .orElse(List.of());
  }

  /** Returns true if all required tensors exist and match each other. */
  boolean isWhole() {
    return algorithm()
        .filter(kind -> has(ROLES.get(kind).required().toArray(LoraKey[]::new)) && agree(kind))
        .isPresent();
  }

  private boolean agree(LoraAlgorithm kind) {
    return switch (kind) {
      case LORA -> FactorCheck.lowRank(this);
      case EMBEDDING ->
        size(LoraKey.EMBEDDING_A, 0) > 0
            && size(LoraKey.EMBEDDING_A, 0) == size(LoraKey.EMBEDDING_B, 1);
      case LOHA -> FactorCheck.isLoha(this);
      case LOKR -> FactorCheck.isLokr(this);
      case GLORA -> FactorCheck.isGlora(this);
      case IA3 ->
        elements(LoraKey.CHANNEL_SCALE) == (isSet(LoraKey.ON_INPUT) ? layer.in() : layer.out());
      case NORM, OFT, PEFT_OFT, OLD_PEFT_OFT, PEFT_BOFT, PEFT_IA3, FULL, SET, BIAS -> true;
    };
  }

  /** Returns true if these tensors are complete and fit their layer. */
  boolean fit() {
    return misshapen().isEmpty() && isWhole();
  }

  /** Returns the rank by the shapes; 0 for algorithms without one. */
  long rank() {
    return switch (algorithm().orElse(LoraAlgorithm.BIAS)) {
      case LORA -> size(LoraKey.DOWN, 0);
      case EMBEDDING -> size(LoraKey.EMBEDDING_A, 0);
      case LOHA -> size(LoraKey.HADA_W1_B, 0);
      case LOKR ->
        Stream.of(LoraKey.LOKR_W2_B, LoraKey.LOKR_W1_B)
            .filter(this::has)
            .findFirst()
            .map(role -> size(role, 0))
            .orElse(0L);
      case GLORA -> DeltaReader.isOldGlora(this) ? size(LoraKey.A1, 0) : size(LoraKey.A2, 0);
      default -> 0;
    };
  }
}
