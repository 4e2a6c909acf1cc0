package dev.likeness.lora.file;

import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.file.DeltaReader;
import dev.likeness.lora.internal.file.FactorCheck;
import dev.likeness.lora.internal.file.LayerKeys;
import dev.likeness.lora.internal.file.LoraKey;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The ways in which files say a change. */
public enum LoraAlgorithm {
  /** {@code lora_up lora_down}, with {@code lora_mid} for LoCon's Tucker form. */
  LORA(List.of(LoraKey.DOWN, LoraKey.UP), LoraKey.MID),
  /** LyCORIS LoHa. */
  LOHA(
      List.of(LoraKey.HADA_W1_A, LoraKey.HADA_W1_B, LoraKey.HADA_W2_A, LoraKey.HADA_W2_B),
      LoraKey.HADA_T1,
      LoraKey.HADA_T2),
  /** LyCORIS LoKr. */
  LOKR(
      List.of(),
      LoraKey.LOKR_W1,
      LoraKey.LOKR_W1_A,
      LoraKey.LOKR_W1_B,
      LoraKey.LOKR_W2,
      LoraKey.LOKR_W2_A,
      LoraKey.LOKR_W2_B,
      LoraKey.LOKR_T2),
  /** LyCORIS GLoRA. */
  GLORA(List.of(LoraKey.A1, LoraKey.A2, LoraKey.B1, LoraKey.B2), LoraKey.BM),
  /** LyCORIS OFT and BOFT. */
  OFT(List.of(LoraKey.OFT_BLOCKS), LoraKey.RESCALE),
  /** peft's OFT. */
  PEFT_OFT(List.of(LoraKey.OFT_R)),
  /** OFT as peft wrote it before 0.16. */
  OLD_PEFT_OFT(List.of(LoraKey.OFT_MATRICES), LoraKey.OFT_LENGTHS),
  /** peft's BOFT. */
  PEFT_BOFT(List.of(LoraKey.BOFT_MATRICES, LoraKey.BOFT_LENGTHS)),
  /** LyCORIS' IA3. */
  IA3(List.of(LoraKey.CHANNEL_SCALE, LoraKey.ON_INPUT)),
  /** peft's IA3, which keeps the factors themselves. */
  PEFT_IA3(List.of(LoraKey.CHANNEL_FACTOR)),
  /** A difference said outright. */
  FULL(List.of(LoraKey.DIFF)),
  /** A norm's difference. */
  NORM(List.of(LoraKey.W_NORM)),
  /** A new weight. */
  SET(List.of(LoraKey.SET)),
  /** A change of the bias alone. */
  BIAS(List.of());

  private static final Set<LoraKey> ANYWHERE = Set.of(
      LoraKey.ALPHA,
      LoraKey.MAGNITUDE,
      LoraKey.DIFF_B,
      LoraKey.B_NORM,
      LoraKey.BIAS_UP,
      LoraKey.SET_B,
      LoraKey.RESHAPE);

  private final List<LoraKey> required;
  private final List<LoraKey> optional;

  LoraAlgorithm(List<LoraKey> required, LoraKey... optional) {
    this.required = required;
    this.optional = List.of(optional);
  }

  /** The kind that these keys say; empty when they say none. */
  public static Optional<LoraAlgorithm> of(LayerKeys keys) {
    for (LoraAlgorithm kind : values()) {
      if (kind.required.stream().anyMatch(keys::has)
          || kind.optional.stream().anyMatch(keys::has)) {
        return Optional.of(kind);
      }
    }
    return keys.hasAny(LoraKey.DIFF_B, LoraKey.B_NORM, LoraKey.SET_B)
        ? Optional.of(BIAS)
        : Optional.empty();
  }

  /** Whether a key in that role can belong to this kind. */
  private boolean knows(LoraKey role) {
    return required.contains(role) || optional.contains(role) || ANYWHERE.contains(role);
  }

  /**
   * The roles whose tensors have not the shape that the layer asks for; unknown ones are among
   * them.
   */
  public List<LoraKey> misshapen(LayerKeys keys) {
    return keys.keys().keySet().stream()
        .filter(role -> !knows(role) || !FactorCheck.of(keys, role))
        .toList();
  }

  /** Whether every needed tensor is there and they agree with one another. */
  public boolean isWhole(LayerKeys keys) {
    return keys.has(required.toArray(LoraKey[]::new))
        && switch (this) {
          case LORA ->
            pairs(keys, LoraKey.DOWN, LoraKey.UP)
                && covers(keys)
                && (!keys.has(LoraKey.MID)
                    || keys.size(LoraKey.MID, 0) == keys.size(LoraKey.DOWN, 0));
          case LOHA -> FactorCheck.hadamard(keys);
          case LOKR -> FactorCheck.kronecker(keys);
          case GLORA -> FactorCheck.glora(keys);
          case IA3 ->
            keys.elements(LoraKey.CHANNEL_SCALE)
                == (keys.isSet(LoraKey.ON_INPUT)
                    ? keys.layer().in()
                    : keys.layer().out());
          case NORM, OFT, PEFT_OFT, OLD_PEFT_OFT, PEFT_BOFT, PEFT_IA3, FULL, SET, BIAS -> true;
        };
  }

  private static boolean pairs(LayerKeys keys, LoraKey down, LoraKey up) {
    return keys.size(down, 0) > 0 && keys.size(down, 0) == keys.size(up, 1);
  }

  private static boolean covers(LayerKeys keys) {
    TargetLayer layer = keys.layer();
    long window = keys.shape(LoraKey.DOWN).length == 4 ? keys.size(LoraKey.DOWN, 2) : 1;
    return window == layer.kernel() || keys.has(LoraKey.MID);
  }

  /** Whether these keys say a change of their layer, and all of it. */
  public static boolean fit(LayerKeys keys) {
    return of(keys)
        .filter(kind -> kind.misshapen(keys).isEmpty() && kind.isWhole(keys))
        .isPresent();
  }

  /** The rank that the shapes say; 0 for kinds without one. */
  public long rank(LayerKeys keys) {
    return switch (this) {
      case LORA -> keys.size(LoraKey.DOWN, 0);
      case LOHA -> keys.size(LoraKey.HADA_W1_B, 0);
      case LOKR ->
        Stream.of(LoraKey.LOKR_W2_B, LoraKey.LOKR_W1_B)
            .filter(keys::has)
            .findFirst()
            .map(role -> keys.size(role, 0))
            .orElse(0L);
      case GLORA ->
        DeltaReader.isOldGlora(keys) ? keys.size(LoraKey.A1, 0) : keys.size(LoraKey.A2, 0);
      default -> 0;
    };
  }
}
