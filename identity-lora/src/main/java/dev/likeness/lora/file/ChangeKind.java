package dev.likeness.lora.file;

import dev.likeness.lora.internal.algorithm.Layer;
import dev.likeness.lora.internal.file.Changes;
import dev.likeness.lora.internal.file.Fit;
import dev.likeness.lora.internal.file.LayerKeys;
import dev.likeness.lora.internal.file.Role;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The ways in which files say a change. */
public enum ChangeKind {
  /** {@code lora_up lora_down}, with {@code lora_mid} for LoCon's Tucker form. */
  LORA(List.of(Role.DOWN, Role.UP), Role.MID),
  /** LyCORIS LoHa. */
  LOHA(
      List.of(Role.HADA_W1_A, Role.HADA_W1_B, Role.HADA_W2_A, Role.HADA_W2_B),
      Role.HADA_T1,
      Role.HADA_T2),
  /** LyCORIS LoKr. */
  LOKR(
      List.of(),
      Role.LOKR_W1,
      Role.LOKR_W1_A,
      Role.LOKR_W1_B,
      Role.LOKR_W2,
      Role.LOKR_W2_A,
      Role.LOKR_W2_B,
      Role.LOKR_T2),
  /** LyCORIS GLoRA. */
  GLORA(List.of(Role.A1, Role.A2, Role.B1, Role.B2), Role.BM),
  /** LyCORIS OFT and BOFT. */
  OFT(List.of(Role.OFT_BLOCKS), Role.RESCALE),
  /** peft's OFT. */
  PEFT_OFT(List.of(Role.OFT_R)),
  /** OFT as peft wrote it before 0.16. */
  OLD_PEFT_OFT(List.of(Role.OFT_MATRICES), Role.OFT_LENGTHS),
  /** peft's BOFT. */
  PEFT_BOFT(List.of(Role.BOFT_MATRICES, Role.BOFT_LENGTHS)),
  /** LyCORIS' IA3. */
  IA3(List.of(Role.CHANNEL_SCALE, Role.ON_INPUT)),
  /** peft's IA3, which keeps the factors themselves. */
  PEFT_IA3(List.of(Role.CHANNEL_FACTOR)),
  /** A difference said outright. */
  FULL(List.of(Role.DIFF)),
  /** A norm's difference. */
  NORM(List.of(Role.W_NORM)),
  /** A new weight. */
  SET(List.of(Role.SET)),
  /** A change of the bias alone. */
  BIAS(List.of());

  private static final Set<Role> ANYWHERE = Set.of(
      Role.ALPHA, Role.MAGNITUDE, Role.DIFF_B, Role.B_NORM, Role.BIAS_UP, Role.SET_B, Role.RESHAPE);

  private final List<Role> required;
  private final List<Role> optional;

  ChangeKind(List<Role> required, Role... optional) {
    this.required = required;
    this.optional = List.of(optional);
  }

  /** The kind that these keys say; empty when they say none. */
  public static Optional<ChangeKind> of(LayerKeys keys) {
    for (ChangeKind kind : values()) {
      if (kind.required.stream().anyMatch(keys::has)
          || kind.optional.stream().anyMatch(keys::has)) {
        return Optional.of(kind);
      }
    }
    return keys.hasAny(Role.DIFF_B, Role.B_NORM, Role.SET_B) ? Optional.of(BIAS) : Optional.empty();
  }

  /** Whether a key in that role can belong to this kind. */
  private boolean knows(Role role) {
    return required.contains(role) || optional.contains(role) || ANYWHERE.contains(role);
  }

  /**
   * The roles whose tensors have not the shape that the layer asks for; unknown ones are among
   * them.
   */
  public List<Role> misshapen(LayerKeys keys) {
    return keys.keys().keySet().stream()
        .filter(role -> !knows(role) || !Fit.of(keys, role))
        .toList();
  }

  /** Whether every needed tensor is there and they agree with one another. */
  public boolean isWhole(LayerKeys keys) {
    return keys.has(required.toArray(Role[]::new))
        && switch (this) {
          case LORA ->
            pairs(keys, Role.DOWN, Role.UP)
                && covers(keys)
                && (!keys.has(Role.MID) || keys.size(Role.MID, 0) == keys.size(Role.DOWN, 0));
          case LOHA -> Fit.hadamard(keys);
          case LOKR -> Fit.kronecker(keys);
          case GLORA -> Fit.glora(keys);
          case IA3 ->
            keys.elements(Role.CHANNEL_SCALE)
                == (keys.isSet(Role.ON_INPUT) ? keys.layer().in() : keys.layer().out());
          case NORM, OFT, PEFT_OFT, OLD_PEFT_OFT, PEFT_BOFT, PEFT_IA3, FULL, SET, BIAS -> true;
        };
  }

  private static boolean pairs(LayerKeys keys, Role down, Role up) {
    return keys.size(down, 0) > 0 && keys.size(down, 0) == keys.size(up, 1);
  }

  private static boolean covers(LayerKeys keys) {
    Layer layer = keys.layer();
    long window = keys.shape(Role.DOWN).length == 4 ? keys.size(Role.DOWN, 2) : 1;
    return window == layer.kernel() || keys.has(Role.MID);
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
      case LORA -> keys.size(Role.DOWN, 0);
      case LOHA -> keys.size(Role.HADA_W1_B, 0);
      case LOKR ->
        Stream.of(Role.LOKR_W2_B, Role.LOKR_W1_B)
            .filter(keys::has)
            .findFirst()
            .map(role -> keys.size(role, 0))
            .orElse(0L);
      case GLORA -> Changes.isOldGlora(keys) ? keys.size(Role.A1, 0) : keys.size(Role.A2, 0);
      default -> 0;
    };
  }
}
