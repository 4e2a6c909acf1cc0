package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.internal.algorithm.DoraDelta;
import dev.likeness.lora.internal.algorithm.FullDelta;
import dev.likeness.lora.internal.algorithm.GloraDelta;
import dev.likeness.lora.internal.algorithm.LohaDelta;
import dev.likeness.lora.internal.algorithm.LokrDelta;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.OftDelta;
import dev.likeness.lora.internal.algorithm.PeftOftDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.internal.algorithm.WiderInputDelta;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Reads the delta of a layer from the file. All keys must have been found complete. Tensors belong
 * to the calling scope.
 */
final class DeltaReader {
  private final LayerTensors keys;
  private final AdapterConfig config;

  private DeltaReader(LayerTensors keys, AdapterConfig config) {
    this.keys = keys;
    this.config = config;
  }

  /** Returns the delta of the weight; null if the keys change only the bias. */
  static WeightDelta read(LoraAlgorithm kind, LayerTensors keys, AdapterConfig alphas) {
    DeltaReader changes = new DeltaReader(keys, alphas);
    WeightDelta change = changes.read(kind);
    return keys.has(LoraRole.MAGNITUDE) && change != null
        ? new DoraDelta(change, changes.readMagnitude())
        : change;
  }

  /**
   * Returns the delta of the weight of {@code layer}, which may have more input channels than the
   * keys; null if the keys change only the bias.
   */
  static WeightDelta readDelta(LayerTensors keys, TargetLayer layer, AdapterConfig alphas) {
    WeightDelta read = read(keys.algorithm().orElseThrow(), keys, alphas);
    return read != null && keys.layer().in() < layer.in()
        ? WiderInputDelta.of(read, keys.layer().in(), layer.in())
        : read;
  }

  /**
   * Converts the result of {@link #readBias} to the difference for a layer whose bias is
   * {@code base}. Scales of outputs do not affect a layer without bias.
   *
   * @param file the name of the file in messages
   */
  static Optional<Tensor> biasDifference(
      LayerTensors keys, Tensor bias, Supplier<Optional<Tensor>> base, String file) {
    if (keys.has(LoraRole.CHANNEL_FACTOR)) {
      return base.get().map(bias::mul);
    }
    return Optional.of(
        keys.has(LoraRole.SET_B)
            ? bias.sub(base.get()
                .orElseThrow(() ->
                    new InvalidInputException(file + ": " + Quoted.of(keys.fileKey(LoraRole.SET_B))
                        + " is a new bias for a layer that has no bias in this base;"
                        + " give the base that the LoRA was made for")))
            : bias);
  }

  /**
   * Returns the difference of the bias, or null. The second factor is scaled with it. A new bias is
   * returned as it is; scales of outputs are returned as a multiple of the layer's own bias.
   */
  static Tensor readBias(LayerTensors keys, AdapterConfig alphas) {
    if (keys.has(LoraRole.CHANNEL_FACTOR)) {
      return alphas.scalesInputs(keys) ? null : channelScales(keys);
    }
    double scale = keys.has(LoraRole.BIAS_UP)
        ? new DeltaReader(keys, alphas).scale(keys.size(LoraRole.DOWN, 0))
        : 1;
    return Stream.of(LoraRole.BIAS_UP, LoraRole.DIFF_B, LoraRole.B_NORM, LoraRole.SET_B)
        .filter(keys::has)
        .map(role -> {
          Tensor own = keys.read(role).to(ScalarType.Float).flatten();
          return role == LoraRole.BIAS_UP ? own.mul(new Scalar(scale)) : own;
        })
        .reduce(Tensor::add)
        .orElse(null);
  }

  private WeightDelta read(LoraAlgorithm kind) {
    return switch (kind) {
      case LORA -> readLora();
      case EMBEDDING -> readEmbedding();
      case LOHA -> readLoha();
      case LOKR -> readLokr();
      case GLORA ->
        isOldGlora(keys)
            ? readGlora(LoraRole.A2, LoraRole.A1, LoraRole.B2, LoraRole.B1)
            : readGlora(LoraRole.A1, LoraRole.A2, LoraRole.B1, LoraRole.B2);
      case OFT -> readOft();
      case PEFT_OFT -> readInputRotation();
      case OLD_PEFT_OFT ->
        new PeftOftDelta.MatrixRotation(
            keys.read(LoraRole.OFT_MATRICES), keys.read(LoraRole.OFT_LENGTHS));
      case PEFT_BOFT ->
        new PeftOftDelta.InputButterfly(
            keys.read(LoraRole.BOFT_MATRICES), keys.read(LoraRole.BOFT_LENGTHS));
      case PEFT_IA3 -> new FullDelta.ChannelScales(channelScales(keys), config.scalesInputs(keys));
      case IA3 ->
        new FullDelta.ChannelScales(
            keys.read(LoraRole.CHANNEL_SCALE), keys.isSet(LoraRole.ON_INPUT));
      case FULL -> readFull(LoraRole.DIFF);
      case NORM -> readFull(LoraRole.W_NORM);
      case SET -> new FullDelta.Replacement(viewAsWeight(keys.read(LoraRole.SET)));
      case BIAS -> null;
    };
  }

  /** Returns the scale of each channel in peft's IA3. */
  private static Tensor channelScales(LayerTensors keys) {
    return keys.read(LoraRole.CHANNEL_FACTOR).to(ScalarType.Float).flatten().sub(new Scalar(1.0));
  }

  private LoraDelta readLora() {
    if (keys.has(LoraRole.SINGULAR_VALUES)) {
      return readAdaLora();
    }
    Tensor down = keys.readLikeLayer(LoraRole.DOWN);
    return new LoraDelta(
        down,
        keys.readLikeLayer(LoraRole.MID),
        keys.readLikeLayer(LoraRole.UP),
        scale(down.size(0)));
  }

  /**
   * AdaLoRA: singular values between the factors (Zhang et al. 2023, arXiv:2303.10512, equation 3).
   */
  private LoraDelta readAdaLora() {
    Tensor down = readF32(LoraRole.DOWN).mul(readF32(LoraRole.SINGULAR_VALUES).view(-1, 1));
    long rank = down.size(0);
    long side = keys.layer().kernelSize();
    return new LoraDelta(
        keys.layer().isConvolution() ? down.view(rank, -1, side, side) : down,
        null,
        keys.readLikeLayer(LoraRole.UP),
        scale(rank));
  }

  /** LoRA on an embedding table, whose factors peft stores transposed (tuners/lora/layer.py). */
  private WeightDelta readEmbedding() {
    Tensor up = keys.read(LoraRole.EMBEDDING_A).t();
    Tensor down = keys.read(LoraRole.EMBEDDING_B).t();
    LoraDelta change = new LoraDelta(down.contiguous(), null, up.contiguous(), scale(down.size(0)));
    if (!keys.has(LoraRole.SET)) {
      return change;
    }
    Tensor table = viewAsWeight(readF32(LoraRole.SET));
    return new FullDelta.Replacement(table.add(change.deltaWeight(table)));
  }

  private LohaDelta readLoha() {
    Tensor b = keys.read(LoraRole.HADA_W1_B);
    return new LohaDelta(
        new LohaDelta.Factor(keys.read(LoraRole.HADA_W1_A), keys.read(LoraRole.HADA_T1), b),
        new LohaDelta.Factor(
            keys.read(LoraRole.HADA_W2_A),
            keys.read(LoraRole.HADA_T2),
            keys.read(LoraRole.HADA_W2_B)),
        scale(b.size(0)));
  }

  /**
   * If neither matrix is made of low-rank factors, the alpha of the file is ignored, as LyCORIS
   * does (modules/lokr.py). The alpha of peft's settings counts (tuners/lokr/layer.py).
   */
  private WeightDelta.Unmerged readLokr() {
    Tensor outer = keys.has(LoraRole.LOKR_W1)
        ? keys.read(LoraRole.LOKR_W1)
        : torch.matmul(readF32(LoraRole.LOKR_W1_A), readF32(LoraRole.LOKR_W1_B));
    Tensor inner = keys.has(LoraRole.LOKR_W2) ? keys.read(LoraRole.LOKR_W2) : readInnerFactor();
    boolean plain = keys.has(LoraRole.LOKR_W1, LoraRole.LOKR_W2);
    long rank = keys.rank();
    double scale = plain ? config.scaleWithoutRank(keys) : scale(rank);
    Tensor matrix = inner.flatten(1, -1);
    long side = keys.layer().kernelSize();
    if (matrix.size(1) % (side * side) > 0) {
      return new LokrDelta.FlatKronecker(new LokrDelta(outer, matrix, rank, scale), side);
    }
    // The window is flattened into the channels, so that the outer matrix mixes only channels.
    Tensor window =
        keys.layer().isConvolution() ? matrix.view(matrix.size(0), -1, side, side) : matrix;
    return new LokrDelta(outer, window, rank, scale);
  }

  private Tensor readInnerFactor() {
    if (keys.has(LoraRole.LOKR_T2)) {
      LoraDelta pair = new LoraDelta(
          readF32(LoraRole.LOKR_W2_B),
          readF32(LoraRole.LOKR_T2),
          readF32(LoraRole.LOKR_W2_A).t(),
          1);
      return torch.matmul(pair.up(), LoraDelta.Tucker.mergeCore(pair).flatten(1, -1));
    }
    return torch.matmul(readF32(LoraRole.LOKR_W2_A), readF32(LoraRole.LOKR_W2_B).flatten(1, -1));
  }

  /** Returns true for the first GLoRA files, which have their four factors in the reverse order. */
  static boolean isOldGlora(LayerTensors keys) {
    long rank = keys.size(LoraRole.A1, 0);
    boolean old = keys.size(LoraRole.A2, 1) == rank
        && keys.size(LoraRole.B1, 0) == rank
        && keys.size(LoraRole.B2, 1) == rank;
    long other = keys.size(LoraRole.A2, 0);
    boolean today = keys.size(LoraRole.A1, 1) == other
        && keys.size(LoraRole.B1, 1) == other
        && keys.size(LoraRole.B2, 0) == other;
    // Both orders fit a square layer, whose sides are longer than the rank.
    return old && (!today || rank < other);
  }

  private GloraDelta readGlora(LoraRole inA, LoraRole outA, LoraRole up, LoraRole down) {
    Tensor first = keys.readLikeLayer(down);
    LoraDelta b = new LoraDelta(first, keys.readLikeLayer(LoraRole.BM), keys.readLikeLayer(up), 1);
    return new GloraDelta(keys.read(inA), keys.read(outA), b, scale(first.size(0)));
  }

  private OftDelta readOft() {
    double constraint = Double.isNaN(keys.alpha()) ? 0 : keys.alpha();
    return new OftDelta(
        keys.read(LoraRole.OFT_BLOCKS),
        keys.read(LoraRole.RESCALE),
        constraint * keys.layer().out());
  }

  /**
   * OFT of peft and OneTrainer. Scaled OFT of OneTrainer divides the numbers by twice the square
   * root of the block's side minus 1 ({@code OFTRotationModule.forward} of
   * modules/module/oft_utils.py). OneTrainer multiplies the weight of a convolution by the matrices
   * that peft transposes ({@code OFTModule.forward} of modules/module/LoRAModule.py); negative
   * numbers transpose them.
   */
  private PeftOftDelta readInputRotation() {
    Tensor skew = keys.read(LoraRole.OFT_R);
    long side = FactorCheck.inputBlockSize(keys.layer(), keys.shape(LoraRole.OFT_R));
    double divisor = keys.has(LoraRole.OFT_SCALED) && keys.isSet(LoraRole.OFT_SCALED)
        ? 2 * Math.sqrt(side - 1)
        : 1;
    if (keys.layer().isConvolution() && isOneTrainers()) {
      divisor = -divisor;
    }
    return new PeftOftDelta(
        divisor == 1 ? skew : skew.to(ScalarType.Float).div(new Scalar(divisor)),
        side,
        config.cayleyTerms(keys));
  }

  /** Returns true if OneTrainer wrote the rotation of this layer: peft uses its own keys alone. */
  private boolean isOneTrainers() {
    return config.isOneTrainers()
        || keys.has(LoraRole.OFT_SCALED)
        || LoraKeyConversion.keyFormat(keys.fileKey(LoraRole.OFT_R)) != KeyFormat.PEFT;
  }

  private Tensor readMagnitude() {
    Tensor magnitude = keys.read(LoraRole.MAGNITUDE);
    boolean byColumn = magnitude.dim() > 1
        && magnitude.size(0) == 1
        && magnitude.size(1) == keys.layer().in()
        && !keys.keys().get(LoraRole.MAGNITUDE).contains("magnitude_vector");
    return byColumn ? magnitude : magnitude.flatten();
  }

  private FullDelta readFull(LoraRole role) {
    return new FullDelta(viewAsWeight(keys.read(role)));
  }

  private Tensor viewAsWeight(Tensor value) {
    return value.view(keys.layer().shape().stream().mapToLong(Long::longValue).toArray());
  }

  private Tensor readF32(LoraRole role) {
    return keys.read(role).to(ScalarType.Float);
  }

  private double scale(long rank) {
    return config.scale(keys, rank, keys.alpha());
  }
}
