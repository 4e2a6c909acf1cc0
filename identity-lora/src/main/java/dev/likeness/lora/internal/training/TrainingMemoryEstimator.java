package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerPositions;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.TrainingMemory;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.global.torch;

/**
 * How many bytes a step of learning takes beside weights and what is learned, for one image, from
 * the shapes of the layers: what the way forward keeps for the way back (benchmarks/cpu-kernels.md, "What
 * a step of learning keeps"), and what a block that is being computed takes for a while.
 */
public final class TrainingMemoryEstimator {
  /**
   * What {@link dev.likeness.diffusion.internal.nn.SegmentRunner} run: a layer of a UNet's level,
   * or a block of a transformer.
   */
  private static final Pattern BLOCK =
      Pattern.compile("((?:down|up)_blocks\\.\\d+|mid_block)\\.(?:resnets|attentions)(\\.\\d+)"
          + "|(?:down|up)_blocks\\.\\d+\\.\\w+samplers|(?:single_)?transformer_blocks\\.\\d+");

  private static final Pattern SHARED_INPUT =
      Pattern.compile(".*(to_[kv]|add_[kv]_proj|conv_shortcut)");
  private static final Pattern QUERIES = Pattern.compile(".*(to_q|add_q_proj)");
  private static final Pattern ADAPTIVE = Pattern.compile(".*norm1?(_context)?\\.linear");
  /** What a text encoder's layer keeps, by its inputs and outputs. */
  private static final double TEXT_KEPT = 1.35;
  /**
   * What the heap of glibc grows to, by what is in use: freed tensors lie between kept ones.
   * Measured: 1.4 to 2.0.
   */
  private static final double HEAP = 1.65;

  private static final long PROCESS = 400L << 20;
  private static final int F32 = 4;

  private final OpenModel model;
  private final TrainingTarget target;
  private final LayerPositions places;
  private final Predicate<TargetLayer> trains;
  private final int bytes;
  private final Map<String, BlockLoad> blocks = new LinkedHashMap<>();
  private double borders;
  private double texts;

  /**
   * Reckons for images of that size; {@code whole} for {@link dev.likeness.lora.DreamBooth},
   * {@code watched} with {@link dev.likeness.lora.training.ValidationOptions}.
   */
  public static TrainingMemory estimate(
      LoraTraining settings,
      BaseModel base,
      int width,
      int height,
      boolean whole,
      boolean watched) {
    OpenModel model = base.unwrap(OpenModel.class);
    int bytes = model.compute().dtype().bits() / Byte.SIZE;
    int factor = model.autoencoder().vaeScaleFactor();
    Set<ModelComponent> taught = EnumSet.of(TrainingTarget.of(model).component());
    if (settings.textEncoder()) {
      TrainingTarget.of(model)
          .clipTextEncoders()
          .forEach(textEncoder -> taught.add(textEncoder.component()));
    }
    TrainingMemoryEstimator count = new TrainingMemoryEstimator(
        model,
        width / factor * (height / factor),
        layer -> whole ? taught.contains(layer.part()) : TrainableDelta.isTrained(settings, layer));
    double kept = settings.options().recompute() ? count.twice() : count.all();
    int rows = settings.batch() * (settings.classImages() > 0 ? 2 : 1);
    long numbers = Arrays.stream(ModelComponent.values())
        .mapToLong(part -> numbers(model, part))
        .sum();
    long drawing = watched || settings.classImages() > 0
        ? model.autoencoder().decodingMemory(width, height)
        : 0;
    long each = whole ? whole(settings.options(), bytes) : each(settings.options(), F32);
    long trained = (whole
            ? taught.stream().mapToLong(part -> numbers(model, part)).sum()
            : factors(settings, model))
        * (each + (watched ? best(settings.options(), whole, bytes) : 0));
    return new TrainingMemory(bytes * numbers, trained, (long) (kept * rows), drawing, PROCESS);
  }

  private static long numbers(OpenModel model, ModelComponent part) {
    return model.tensorNames(part).stream()
        .mapToLong(name -> Arrays.stream(model.tensorShape(part, name)).reduce(1, (a, b) -> a * b))
        .sum();
  }

  private static long factors(LoraTraining settings, OpenModel model) {
    return LayerTable.of(model).layers().stream()
        .filter(layer -> TrainableDelta.isTrained(settings, layer))
        .mapToLong(layer -> TrainableDelta.count(settings, layer))
        .sum();
  }

  /**
   * The same of a whole network: its weights in another type than they are learned in are made anew
   * for each step.
   */
  private static long whole(OptimizerOptions options, int bytes) {
    return options.rounded()
        ? each(options, bytes)
        : each(options, F32) + (bytes == F32 ? 0 : bytes);
  }

  /**
   * The same of the best look: itself, and of a whole network what is drawn with where that is
   * another type.
   */
  private static int best(OptimizerOptions options, boolean whole, int bytes) {
    boolean own = !whole || bytes == F32 || options.rounded();
    return (whole && options.rounded() ? bytes : F32) + (own ? 0 : bytes);
  }

  /** Bytes for each number that is learned: itself, its gradient, the optimiser's, its average. */
  private static long each(OptimizerOptions options, int bytes) {
    return 2L * bytes
        + (options.ema() == 0 ? 0 : F32)
        + switch (options.optimizer()) {
          case ADAMW -> 2 * F32;
          case ADAMW_8BIT -> 2;
          case LION -> F32;
          case ADAFACTOR -> 1;
          case PRODIGY -> 4 * F32;
        };
  }

  /** Counts for latents of {@code places} places, where these layers learn. */
  public TrainingMemoryEstimator(OpenModel model, int places, Predicate<TargetLayer> learns) {
    this.model = model;
    target = TrainingTarget.of(model);
    this.places = target.layerPositions(places);
    this.trains = learns;
    bytes = model.compute().dtype().bits() / Byte.SIZE;
    LayerTable.of(model).layers().stream().filter(layer -> !layer.isNorm()).forEach(this::add);
  }

  /**
   * Where nothing is computed twice: what is kept, and about half of what a block takes beside
   * while it is computed.
   */
  public double all() {
    double kept = blocks.values().stream().mapToDouble(load -> load.kept(bytes)).sum();
    double beside = blocks.values().stream()
        .mapToDouble(load -> load.atWork(bytes) - load.kept(bytes))
        .max()
        .orElse(0);
    return HEAP * (texts * bytes + kept + beside / 2);
  }

  /**
   * Where blocks are computed twice: what goes from one to the next, with its gradients, and the
   * largest block at work.
   */
  public double twice() {
    double largest =
        blocks.values().stream().mapToDouble(load -> load.atWork(bytes)).max().orElse(0);
    return HEAP * (texts * bytes + 2 * borders * bytes + largest);
  }

  private void add(TargetLayer layer) {
    String path = layer.path();
    if (layer.part() != ModelComponent.UNET && layer.part() != ModelComponent.TRANSFORMER) {
      int tokens = target
          .longText()
          .filter(t5 -> t5.encoder().component() == layer.part())
          .map(TrainingTarget.LongText::tokens)
          .orElse(LayerPositions.CLIP_TOKENS);
      texts += trains.test(layer) ? TEXT_KEPT * tokens * (layer.in() + layer.out()) : 0;
      return;
    }
    Matcher named = BLOCK.matcher(path);
    String block = !named.find()
        ? "ends"
        : named.group(2) == null ? named.group() : named.group(1) + named.group(2);
    blocks.merge(block, input(layer).plus(attention(layer)).plus(norms(layer)), BlockLoad::plus);
    borders += places.endsBlock(path) ? places.positions(path) * layer.out() : 0;
  }

  /** A layer's input, which those that learn keep, and convolutions always. */
  private BlockLoad input(TargetLayer layer) {
    double numbers = places.positions(layer.path()) * layer.in();
    if (layer.path().equals("conv_out")) {
      return new BlockLoad(0, 3 * numbers, 0);
    }
    // Products in f32 are convolutions where there are several threads.
    boolean convolution = layer.isConvolution()
        || model.compute().dtype() == DType.F32 && torch.get_num_threads() > 1;
    boolean keeps = (convolution || trains.test(layer))
        && !SHARED_INPUT.matcher(layer.path()).matches();
    return keeps ? BlockLoad.typed(numbers) : BlockLoad.NONE;
  }

  /** The norm's input, queries, keys, values and result; the weights, where they are kept. */
  private BlockLoad attention(TargetLayer layer) {
    String path = layer.path();
    if (!QUERIES.matcher(path).matches()) {
      return BlockLoad.NONE;
    }
    double numbers = places.positions(path) * layer.out();
    // Larger ones are computed again on the way back, and in other types libtorch keeps none.
    boolean kept = model.compute().dtype() == DType.BF16
        && places.attentionWeightsPerHead(path) <= ScaledDotProduct.MAX_SCORES_AT_ONCE;
    double weights = kept && path.endsWith("to_q")
        ? places.heads(path) * places.attentionWeightsPerHead(path)
        : 0;
    int tensors = places.attentionTensors(path, weights > 0);
    return new BlockLoad(
        tensors * numbers + weights,
        places.hasQkNorm() ? 2 * numbers : 0,
        places.hasRotaryEmbedding() ? 2 * numbers : 0);
  }

  /**
   * Inputs of norms and activations: before a residual block's convolutions, before and inside a
   * feed-forward; where shifts and gates learn, what they multiply.
   */
  private BlockLoad norms(TargetLayer layer) {
    String path = layer.path();
    double tokens = places.positions(path);
    if (path.matches(".*resnets\\.\\d+\\.conv[12]")) {
      return BlockLoad.typed(2 * tokens * layer.in());
    }
    if (path.endsWith("net.0.proj")) {
      return BlockLoad.typed(tokens * (layer.in() + layer.out() * places.feedForward()));
    }
    if (path.endsWith("proj_mlp")) {
      return BlockLoad.typed(tokens * layer.out());
    }
    boolean adaptive = ADAPTIVE.matcher(path).matches() && trains.test(layer);
    return adaptive
        ? BlockLoad.typed(places.streamPositions(path) * layer.out() * 2 / 3)
        : BlockLoad.NONE;
  }

  /**
   * What a block of a network keeps for the way back, in numbers.
   *
   * @param typed of the network's type
   * @param single in f32, whatever the type
   * @param turned in f32 while the block is computed, and kept nowhere
   */
  record BlockLoad(double typed, double single, double turned) {
    static final BlockLoad NONE = new BlockLoad(0, 0, 0);

    /**
     * What a block takes while it learns, by what it keeps: of the network's type, and of f32.
     * Measured.
     */
    private static final double TYPED_AT_WORK = 2.3;

    private static final double SINGLE_AT_WORK = 7;

    static BlockLoad typed(double numbers) {
      return new BlockLoad(numbers, 0, 0);
    }

    BlockLoad plus(BlockLoad other) {
      return new BlockLoad(typed + other.typed, single + other.single, turned + other.turned);
    }

    /** Bytes that it keeps, where a number of the network's type takes {@code bytes}. */
    double kept(int bytes) {
      return typed * bytes + single * F32;
    }

    /**
     * Bytes that it takes at most while it is computed and gone back through by itself, the kept
     * ones included.
     */
    double atWork(int bytes) {
      return TYPED_AT_WORK * typed * bytes + SINGLE_AT_WORK * F32 * (single + turned);
    }
  }
}
