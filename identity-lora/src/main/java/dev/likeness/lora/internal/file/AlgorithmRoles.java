package dev.likeness.lora.internal.file;

import dev.likeness.lora.file.LoraAlgorithm;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The roles of the tensors of an algorithm.
 *
 * @param required the tensors that every layer has
 * @param optional the tensors that a layer may have
 * @param beside tensors of other algorithms that a layer may have too
 */
record AlgorithmRoles(Set<LoraRole> required, Set<LoraRole> optional, Set<LoraRole> beside) {
  /** Roles that tensors of every algorithm may have beside them. */
  private static final Set<LoraRole> ANYWHERE = Set.of(
      LoraRole.ALPHA,
      LoraRole.MAGNITUDE,
      LoraRole.DIFF_B,
      LoraRole.B_NORM,
      LoraRole.BIAS_UP,
      LoraRole.SET_B,
      LoraRole.RESHAPE);

  /** The roles by algorithm, in the order in which algorithms are tried. */
  private static final Map<LoraAlgorithm, AlgorithmRoles> ROLES =
      new EnumMap<>(LoraAlgorithm.class);

  static {
    ROLES.put(
        LoraAlgorithm.LORA,
        of(LoraRole.DOWN, LoraRole.UP).optionally(LoraRole.MID, LoraRole.SINGULAR_VALUES));
    ROLES.put(
        LoraAlgorithm.EMBEDDING,
        of(LoraRole.EMBEDDING_A, LoraRole.EMBEDDING_B).beside(LoraRole.SET));
    ROLES.put(
        LoraAlgorithm.LOHA,
        of(LoraRole.HADA_W1_A, LoraRole.HADA_W1_B, LoraRole.HADA_W2_A, LoraRole.HADA_W2_B)
            .optionally(LoraRole.HADA_T1, LoraRole.HADA_T2));
    ROLES.put(
        LoraAlgorithm.LOKR,
        of().optionally(
                LoraRole.LOKR_W1,
                LoraRole.LOKR_W1_A,
                LoraRole.LOKR_W1_B,
                LoraRole.LOKR_W2,
                LoraRole.LOKR_W2_A,
                LoraRole.LOKR_W2_B,
                LoraRole.LOKR_T2));
    ROLES.put(
        LoraAlgorithm.GLORA,
        of(LoraRole.A1, LoraRole.A2, LoraRole.B1, LoraRole.B2).optionally(LoraRole.BM));
    ROLES.put(LoraAlgorithm.OFT, of(LoraRole.OFT_BLOCKS).optionally(LoraRole.RESCALE));
    ROLES.put(LoraAlgorithm.PEFT_OFT, of(LoraRole.OFT_R).optionally(LoraRole.OFT_SCALED));
    ROLES.put(
        LoraAlgorithm.OLD_PEFT_OFT, of(LoraRole.OFT_MATRICES).optionally(LoraRole.OFT_LENGTHS));
    ROLES.put(LoraAlgorithm.PEFT_BOFT, of(LoraRole.BOFT_MATRICES, LoraRole.BOFT_LENGTHS));
    ROLES.put(LoraAlgorithm.IA3, of(LoraRole.CHANNEL_SCALE, LoraRole.ON_INPUT));
    ROLES.put(LoraAlgorithm.PEFT_IA3, of(LoraRole.CHANNEL_FACTOR));
    ROLES.put(LoraAlgorithm.FULL, of(LoraRole.DIFF));
    ROLES.put(LoraAlgorithm.NORM, of(LoraRole.W_NORM));
    ROLES.put(LoraAlgorithm.SET, of(LoraRole.SET));
    ROLES.put(LoraAlgorithm.BIAS, of());
  }

  private static AlgorithmRoles of(LoraRole... required) {
    return new AlgorithmRoles(Set.of(required), Set.of(), Set.of());
  }

  AlgorithmRoles optionally(LoraRole... others) {
    return new AlgorithmRoles(required, Set.of(others), beside);
  }

  AlgorithmRoles beside(LoraRole... others) {
    return new AlgorithmRoles(required, optional, Set.of(others));
  }

  boolean allow(LoraRole role) {
    return required.contains(role)
        || optional.contains(role)
        || beside.contains(role)
        || ANYWHERE.contains(role);
  }

  boolean areIn(LayerTensors keys) {
    return Stream.concat(required.stream(), optional.stream()).anyMatch(keys::has);
  }

  /** Returns the roles of an algorithm. */
  static AlgorithmRoles of(LoraAlgorithm algorithm) {
    return ROLES.get(algorithm);
  }

  /** Returns the algorithm of these tensors; empty if they belong to none. */
  static Optional<LoraAlgorithm> algorithmOf(LayerTensors tensors) {
    return ROLES.entrySet().stream()
        .filter(each -> each.getValue().areIn(tensors))
        .map(Map.Entry::getKey)
        .findFirst()
        .or(() -> Optional.of(LoraAlgorithm.BIAS)
            .filter(bias -> tensors.hasAny(LoraRole.DIFF_B, LoraRole.B_NORM, LoraRole.SET_B)));
  }
}
