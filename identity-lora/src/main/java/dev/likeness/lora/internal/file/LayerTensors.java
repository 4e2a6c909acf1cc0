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

/** The tensors of a file that change one layer, by their roles: keys, shapes and values. */
final class LayerTensors {
  private static final long[] NONE = {};

  /** Numbers and shapes, which may be of any type. */
  private static final Set<LoraRole> COUNTS =
      Set.of(LoraRole.ALPHA, LoraRole.ON_INPUT, LoraRole.RESHAPE, LoraRole.OFT_SCALED);

  private final TargetLayer layer;
  private final TensorSource source;
  private final Map<LoraRole, String> keys = new EnumMap<>(LoraRole.class);
  private final Map<LoraRole, String> fileKey = new EnumMap<>(LoraRole.class);

  LayerTensors(TargetLayer layer, TensorSource source) {
    this.layer = layer;
    this.source = source;
  }

  /** Returns the same keys for another layer. */
  LayerTensors forLayer(TargetLayer other) {
    LayerTensors same = new LayerTensors(other, source);
    same.keys.putAll(keys);
    same.fileKey.putAll(fileKey);
    return same;
  }

  /**
   * Returns the keys for the narrow first layer, if they fit only that: a layer that has no more
   * input channels than the latents.
   */
  LayerTensors asTrained(TargetLayer narrow) {
    return layer.name().equals(narrow.name()) && !fit() && forLayer(narrow).fit()
        ? forLayer(narrow)
        : this;
  }

  /** Returns true for a pair of LoRA's factors with a bias of the second, and no other change. */
  boolean isPairWithBias() {
    return has(LoraRole.BIAS_UP)
        && algorithm().filter(LoraAlgorithm.LORA::equals).isPresent()
        && !hasAny(LoraRole.DIFF_B, LoraRole.B_NORM, LoraRole.SET_B, LoraRole.MAGNITUDE);
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
  boolean put(LoraRole role, String key, String file) {
    if (keys.putIfAbsent(role, key) != null) {
      return false;
    }
    fileKey.put(role, file);
    return true;
  }

  /** Returns the name in the file of the tensor in that role. */
  String fileKey(LoraRole role) {
    return fileKey.get(role);
  }

  /**
   * Returns the layer's names: its name in diffusers, and its name in the file with and without the
   * prefix of a program.
   */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>(List.of(layer.path()));
    fileKey.values().stream().flatMap(key -> KeyEnding.split(key).stream()).forEach(cut -> {
      names.add(LoraKeyConversion.stem(cut.stem()));
      names.add(cut.stem());
    });
    return names;
  }

  boolean has(LoraRole... roles) {
    return Stream.of(roles).allMatch(keys::containsKey);
  }

  boolean hasAny(LoraRole... roles) {
    return Stream.of(roles).anyMatch(keys::containsKey);
  }

  Map<LoraRole, String> keys() {
    return keys;
  }

  /** Returns the shape of the tensor in that role; empty if there is none. */
  long[] shape(LoraRole role) {
    return has(role) ? source.shape(keys.get(role)) : NONE;
  }

  /** Returns the size of one dimension of that tensor; 0 if there is none. */
  long size(LoraRole role, int dimension) {
    long[] shape = shape(role);
    return dimension < shape.length ? shape[dimension] : 0;
  }

  long elements(LoraRole role) {
    return has(role) ? Arrays.stream(shape(role)).reduce(1, (a, b) -> a * b) : 0;
  }

  /** Returns the tensor in that role as stored, or null. */
  Tensor read(LoraRole role) {
    return has(role) ? source.read(keys.get(role)) : null;
  }

  /**
   * Returns the factor with as many dimensions as its layer's weight; linear and 1x1 convolutional
   * factors are equivalent.
   */
  Tensor readLikeLayer(LoraRole role) {
    Tensor factor = read(role);
    if (factor == null || layer.isConvolution() == (factor.dim() == 4)) {
      return factor;
    }
    return layer.isConvolution()
        ? factor.view(factor.size(0), factor.size(1), 1, 1)
        : factor.view(factor.size(0), factor.size(1));
  }

  /** Returns true if the number in that role is not 0. */
  boolean isSet(LoraRole role) {
    try (TensorScope scope = TensorScope.open()) {
      return read(role).item_double() != 0;
    }
  }

  /** Returns the file's own alpha, which is finite, or NaN if it has none. */
  double alpha() {
    return has(LoraRole.ALPHA) ? source.read(keys.get(LoraRole.ALPHA)).item_double() : Double.NaN;
  }

  /** Returns the file's own alpha; NaN if it has none, or one of a wrong shape. */
  double ownAlpha() {
    try (TensorScope scope = TensorScope.open()) {
      return elements(LoraRole.ALPHA) == 1 ? alpha() : Double.NaN;
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
    return AlgorithmRoles.algorithmOf(this);
  }

  /**
   * Returns the roles whose tensors have a wrong shape, and roles that the algorithm does not use.
   */
  List<LoraRole> misshapen() {
    return algorithm()
        .map(AlgorithmRoles::of)
        .map(roles -> keys.keySet().stream()
            .filter(role -> !roles.allow(role) || !FactorCheck.matchesShape(this, role))
            .toList())
        .orElse(List.of());
  }

  /** Returns true if all required tensors exist and match each other. */
  boolean isWhole() {
    return algorithm()
        .filter(
            kind -> has(AlgorithmRoles.of(kind).required().toArray(LoraRole[]::new)) && agree(kind))
        .isPresent();
  }

  private boolean agree(LoraAlgorithm kind) {
    return switch (kind) {
      case LORA -> FactorCheck.lowRank(this);
      case EMBEDDING ->
        size(LoraRole.EMBEDDING_A, 0) > 0
            && size(LoraRole.EMBEDDING_A, 0) == size(LoraRole.EMBEDDING_B, 1);
      case LOHA -> FactorCheck.isLoha(this);
      case LOKR -> FactorCheck.isLokr(this);
      case GLORA -> FactorCheck.isGlora(this);
      case IA3 ->
        elements(LoraRole.CHANNEL_SCALE) == (isSet(LoraRole.ON_INPUT) ? layer.in() : layer.out());
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
      case LORA -> size(LoraRole.DOWN, 0);
      case EMBEDDING -> size(LoraRole.EMBEDDING_A, 0);
      case LOHA -> size(LoraRole.HADA_W1_B, 0);
      case LOKR ->
        Stream.of(LoraRole.LOKR_W2_B, LoraRole.LOKR_W1_B)
            .filter(this::has)
            .findFirst()
            .map(role -> size(role, 0))
            .orElse(0L);
      case GLORA -> DeltaReader.isOldGlora(this) ? size(LoraRole.A1, 0) : size(LoraRole.A2, 0);
      default -> 0;
    };
  }
}
