package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.TensorSource.MemoryTensors;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The floating-point operations that a device computes in a second, from a short measurement of
 * layers with the sizes of Stable Diffusion's.
 *
 * @param convolutions operations a second of convolutions
 * @param products operations a second of linear layers
 * @param attention operations a second of attentions
 * @param convolutionGradients operations a second of convolutions in training, forward and back
 * @param productGradients operations a second of linear layers in training, forward and back
 * @param call seconds of one layer whose operations take no time
 */
public record ComputeRate(
    double convolutions,
    double products,
    double attention,
    double convolutionGradients,
    double productGradients,
    double call) {
  private static final long NANOS = 1_000_000_000;
  /** The time that each kind of layer is measured, after one pass that is not counted. */
  private static final long MEASURED_NANOS = NANOS / 5;

  private static final long CHANNELS = 320;
  private static final long SIDE = 32;
  private static final int KERNEL = 3;
  private static final long WIDTH = 640;
  private static final long TOKENS = 1024;
  private static final long HEADS = 8;
  private static final long FEW = 8;

  /**
   * A training step computes gradients of the inputs of frozen layers, as many operations again.
   */
  private static final double TRAINING_PASSES = 2;

  /** Measures a device in about two seconds. */
  public static ComputeRate measure(Compute compute) {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(compute)) {
      Conv2d convolution = new Conv2d(Weights.of(weights).at("conv"), CHANNELS, CHANNELS, KERNEL);
      Linear linear = new Linear(Weights.of(weights).at("linear"), WIDTH, WIDTH);
      Linear small = new Linear(Weights.of(weights).at("small"), FEW, FEW);
      Tensor few = random(compute, 1, FEW, FEW);
      Tensor image = random(compute, 1, CHANNELS, SIDE, SIDE);
      Tensor tokens = random(compute, 1, TOKENS, WIDTH);
      Tensor heads = random(compute, 1, HEADS, TOKENS, WIDTH / HEADS);
      double convolved = NetworkWork.ofLayer(
              new long[] {CHANNELS, CHANNELS, KERNEL, KERNEL}, SIDE * SIDE)
          .operations();
      double multiplied = NetworkWork.ofLayer(new long[] {WIDTH, WIDTH}, TOKENS).operations();
      double attended = NetworkWork.ofAttention(TOKENS * TOKENS, WIDTH).operations();
      return new ComputeRate(
          rate(convolved, () -> withoutGradients(() -> convolution.forward(image))),
          rate(multiplied, () -> withoutGradients(() -> linear.forward(tokens))),
          rate(
              attended, () -> withoutGradients(() -> ScaledDotProduct.attend(heads, heads, heads))),
          rate(
              TRAINING_PASSES * convolved,
              () -> gradient(image, input -> convolution.forward(input))),
          rate(TRAINING_PASSES * multiplied, () -> gradient(tokens, linear::forward)),
          1 / rate(1, () -> withoutGradients(() -> small.forward(few))));
    }
  }

  /** Returns the seconds of work without gradients. */
  public double seconds(NetworkWork work) {
    return work.convolutions() / convolutions
        + work.products() / products
        + work.attention() / attention;
  }

  /**
   * Returns the seconds of a pass whose inputs get gradients.
   *
   * @param work the work of the pass without gradients
   */
  public double trainingSeconds(NetworkWork work) {
    return TRAINING_PASSES
        * (work.convolutions() / convolutionGradients
            + work.products() / productGradients
            // An attention multiplies its scores with both gradients.
            + work.attention() * (products / productGradients) / attention);
  }

  private static LoadedWeights weights(Compute compute) {
    return new LoadedWeights(
        () -> new MemoryTensors(Map.of(
            "conv.weight", random(compute, CHANNELS, CHANNELS, KERNEL, KERNEL),
            "conv.bias", random(compute, CHANNELS),
            "linear.weight", random(compute, WIDTH, WIDTH),
            "linear.bias", random(compute, WIDTH),
            "small.weight", random(compute, FEW, FEW),
            "small.bias", random(compute, FEW))),
        compute,
        WeightResidence.MAPPED,
        BlockNames.NONE,
        LayerInputs.NONE);
  }

  private static Tensor random(Compute compute, long... shape) {
    return torch
        .rand(shape)
        .sub(new Scalar(0.5))
        .to(new Device(compute.device()), Tensors.scalarType(compute.dtype()));
  }

  private static Tensor withoutGradients(Supplier<Tensor> work) {
    try (NoGradGuard guard = new NoGradGuard()) {
      return work.get();
    }
  }

  private static Tensor gradient(Tensor input, UnaryOperator<Tensor> layer) {
    Tensor leaf = input.detach().set_requires_grad(true);
    layer.apply(leaf).sum().backward();
    return leaf.grad();
  }

  private static double rate(double operations, Supplier<Tensor> work) {
    run(work);
    int passes = 0;
    long start = System.nanoTime();
    long taken;
    do {
      run(work);
      passes++;
      taken = System.nanoTime() - start;
    } while (taken < MEASURED_NANOS);
    return operations * passes * NANOS / taken;
  }

  /** Runs the work, and waits for a device that computes beside the program. */
  private static void run(Supplier<Tensor> work) {
    try (TensorScope scope = TensorScope.open()) {
      work.get().flatten().narrow(0, 0, 1).item_float();
    }
  }
}
