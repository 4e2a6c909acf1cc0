package dev.likeness.lora.internal.file;

import dev.likeness.lora.file.ChangeKind;
import dev.likeness.lora.internal.algorithm.Change;
import dev.likeness.lora.internal.algorithm.ChannelScale;
import dev.likeness.lora.internal.algorithm.Decomposed;
import dev.likeness.lora.internal.algorithm.Difference;
import dev.likeness.lora.internal.algorithm.FlatKronecker;
import dev.likeness.lora.internal.algorithm.GeneralLowRank;
import dev.likeness.lora.internal.algorithm.Hadamard;
import dev.likeness.lora.internal.algorithm.InputButterfly;
import dev.likeness.lora.internal.algorithm.InputRotation;
import dev.likeness.lora.internal.algorithm.Kronecker;
import dev.likeness.lora.internal.algorithm.LowRank;
import dev.likeness.lora.internal.algorithm.MatrixRotation;
import dev.likeness.lora.internal.algorithm.Replacement;
import dev.likeness.lora.internal.algorithm.Rotation;
import dev.likeness.lora.internal.algorithm.SideChange;
import dev.likeness.lora.internal.algorithm.Tucker;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Reads a layer's change from the file; the keys have been found whole. Tensors belong to the
 * calling scope.
 */
public final class Changes {
  private final LayerKeys keys;
  private final Alphas alphas;

  private Changes(LayerKeys keys, Alphas alphas) {
    this.keys = keys;
    this.alphas = alphas;
  }

  /** The change of the weight; null when the keys change the bias alone. */
  static Change read(ChangeKind kind, LayerKeys keys, Alphas alphas) {
    Changes changes = new Changes(keys, alphas);
    Change change = changes.read(kind);
    return keys.has(Role.MAGNITUDE) && change != null
        ? new Decomposed(change, changes.magnitude())
        : change;
  }

  /**
   * The bias's difference, or null; that of a second factor is scaled with it, a new bias is there
   * as a whole, and what scales outputs is there as a multiple of the layer's own.
   */
  static Tensor bias(LayerKeys keys, Alphas alphas) {
    if (keys.has(Role.CHANNEL_FACTOR)) {
      return alphas.scalesInputs(keys) ? null : channels(keys);
    }
    double scale =
        keys.has(Role.BIAS_UP) ? new Changes(keys, alphas).scale(keys.size(Role.DOWN, 0)) : 1;
    return Stream.of(Role.BIAS_UP, Role.DIFF_B, Role.B_NORM, Role.SET_B)
        .filter(keys::has)
        .map(role -> {
          Tensor own = keys.read(role).to(ScalarType.Float).flatten();
          return role == Role.BIAS_UP ? own.mul(new Scalar(scale)) : own;
        })
        .reduce(Tensor::add)
        .orElse(null);
  }

  private Change read(ChangeKind kind) {
    return switch (kind) {
      case LORA -> lowRank();
      case LOHA -> hadamard();
      case LOKR -> kronecker();
      case GLORA ->
        isOldGlora(keys)
            ? glora(Role.A2, Role.A1, Role.B2, Role.B1)
            : glora(Role.A1, Role.A2, Role.B1, Role.B2);
      case OFT -> rotation();
      case PEFT_OFT ->
        new InputRotation(
            keys.read(Role.OFT_R),
            Fit.inputBlock(keys.layer(), keys.shape(Role.OFT_R)),
            alphas.cayleyTerms(keys));
      case OLD_PEFT_OFT ->
        new MatrixRotation(keys.read(Role.OFT_MATRICES), keys.read(Role.OFT_LENGTHS));
      case PEFT_BOFT ->
        new InputButterfly(keys.read(Role.BOFT_MATRICES), keys.read(Role.BOFT_LENGTHS));
      case PEFT_IA3 -> new ChannelScale(channels(keys), alphas.scalesInputs(keys));
      case IA3 -> new ChannelScale(keys.read(Role.CHANNEL_SCALE), keys.isSet(Role.ON_INPUT));
      case FULL -> difference(Role.DIFF);
      case NORM -> difference(Role.W_NORM);
      case SET -> new Replacement(likeWeight(keys.read(Role.SET)));
      case BIAS -> null;
    };
  }

  /** What peft's IA3 makes more of each channel. */
  private static Tensor channels(LayerKeys keys) {
    return keys.read(Role.CHANNEL_FACTOR).to(ScalarType.Float).flatten().sub(new Scalar(1.0));
  }

  private LowRank lowRank() {
    Tensor down = keys.readLikeLayer(Role.DOWN);
    return new LowRank(
        down, keys.readLikeLayer(Role.MID), keys.readLikeLayer(Role.UP), scale(down.size(0)));
  }

  private Hadamard hadamard() {
    Tensor b = keys.read(Role.HADA_W1_B);
    return new Hadamard(
        new Hadamard.Factor(keys.read(Role.HADA_W1_A), keys.read(Role.HADA_T1), b),
        new Hadamard.Factor(
            keys.read(Role.HADA_W2_A), keys.read(Role.HADA_T2), keys.read(Role.HADA_W2_B)),
        scale(b.size(0)));
  }

  /**
   * Where neither factor is made of others the alpha that files carry means nothing (LyCORIS,
   * modules/lokr.py), but that of peft's settings does (tuners/lokr/layer.py).
   */
  private SideChange kronecker() {
    Tensor outer = keys.has(Role.LOKR_W1)
        ? keys.read(Role.LOKR_W1)
        : torch.matmul(whole(Role.LOKR_W1_A), whole(Role.LOKR_W1_B));
    Tensor inner = keys.has(Role.LOKR_W2) ? keys.read(Role.LOKR_W2) : inner();
    boolean plain = keys.has(Role.LOKR_W1, Role.LOKR_W2);
    long rank = ChangeKind.LOKR.rank(keys);
    double scale = plain ? alphas.scaleWithoutRank(keys) : scale(rank);
    Tensor matrix = inner.flatten(1, -1);
    long side = keys.layer().kernel();
    if (matrix.size(1) % (side * side) > 0) {
      return new FlatKronecker(new Kronecker(outer, matrix, rank, scale), side);
    }
    // Flattened channel by channel, so that the outer matrix mixes channels alone.
    Tensor window =
        keys.layer().isConvolution() ? matrix.view(matrix.size(0), -1, side, side) : matrix;
    return new Kronecker(outer, window, rank, scale);
  }

  private Tensor inner() {
    if (keys.has(Role.LOKR_T2)) {
      LowRank pair = new LowRank(
          whole(Role.LOKR_W2_B), whole(Role.LOKR_T2), whole(Role.LOKR_W2_A).t(), 1);
      return torch.matmul(pair.up(), Tucker.joined(pair).flatten(1, -1));
    }
    return torch.matmul(whole(Role.LOKR_W2_A), whole(Role.LOKR_W2_B).flatten(1, -1));
  }

  /** The first GLoRA files have their four factors the other way round. */
  public static boolean isOldGlora(LayerKeys keys) {
    long rank = keys.size(Role.A1, 0);
    boolean old = keys.size(Role.A2, 1) == rank
        && keys.size(Role.B1, 0) == rank
        && keys.size(Role.B2, 1) == rank;
    long other = keys.size(Role.A2, 0);
    boolean today = keys.size(Role.A1, 1) == other
        && keys.size(Role.B1, 1) == other
        && keys.size(Role.B2, 0) == other;
    // Both hold of a square layer, whose sides are longer than the rank.
    return old && (!today || rank < other);
  }

  private GeneralLowRank glora(Role inA, Role outA, Role up, Role down) {
    Tensor first = keys.readLikeLayer(down);
    LowRank b = new LowRank(first, keys.readLikeLayer(Role.BM), keys.readLikeLayer(up), 1);
    return new GeneralLowRank(keys.read(inA), keys.read(outA), b, scale(first.size(0)));
  }

  private Rotation rotation() {
    double constraint = Double.isNaN(keys.alpha()) ? 0 : keys.alpha();
    return new Rotation(
        keys.read(Role.OFT_BLOCKS),
        keys.read(Role.RESCALE),
        constraint * keys.layer().out());
  }

  private Tensor magnitude() {
    Tensor magnitude = keys.read(Role.MAGNITUDE);
    boolean byColumn = magnitude.dim() > 1
        && magnitude.size(0) == 1
        && magnitude.size(1) == keys.layer().in()
        && !keys.keys().get(Role.MAGNITUDE).contains("magnitude_vector");
    return byColumn ? magnitude : magnitude.flatten();
  }

  private Difference difference(Role role) {
    return new Difference(likeWeight(keys.read(role)));
  }

  private Tensor likeWeight(Tensor value) {
    return value.view(keys.layer().shape().stream().mapToLong(Long::longValue).toArray());
  }

  private Tensor whole(Role role) {
    return keys.read(role).to(ScalarType.Float);
  }

  private double scale(long rank) {
    return alphas.scale(keys, rank, keys.alpha());
  }
}
