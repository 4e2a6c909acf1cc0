package dev.likeness.diffusion.training;

import dev.likeness.diffusion.tensor.DType;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Momentum whose steps are made orthogonal for weights of two and more dimensions, convolutions flattened to [out, rest]
 * (Jordan et al. 2024, kellerjordan.github.io/posts/muon); everything else goes as in {@link AdamW}. Steps have the root
 * mean square that AdamW's have, so its learning rates and weight decay hold (Liu et al. 2025, arXiv:2502.16982, eq. 4).
 *
 * <p>Costs about 20 n multiplications per weight and step, n the smaller side of its matrix, whatever the batch: for
 * weights that learn from nothing in large batches, not for LoRA.
 */
public final class Muon extends AdamW {
  /** The quintic that brings singular values near one; five rounds. */
  private static final double A = 3.4445;
  private static final double B = -4.7750;
  private static final double C = 2.0315;
  private static final int ROUNDS = 5;
  /** Of AdamW's steps, as measured by the second paper. */
  private static final double ROOT_MEAN_SQUARE = 0.2;

  private final double momentum;
  private final DType working;

  /** Steps are made orthogonal in bf16, as torch.optim.Muon makes them. */
  public Muon(double momentum, double weightDecay) {
    this(momentum, weightDecay, DType.BF16);
  }

  /**
   * @param momentum how much of the last steps' direction is kept, 0.95 in the paper
   * @param weightDecay as in AdamW
   * @param working in what steps are made orthogonal: bf16, or f32 where the processor only imitates bf16, at many times the cost
   */
  public Muon(double momentum, double weightDecay, DType working) {
    super(0.9, 0.99, 1e-8, weightDecay);
    this.momentum = momentum;
    this.working = working;
  }

  /** Moves matrices on as many threads as there are cores: they are many, and each too small to share. */
  @Override
  public void step(Map<String, Tensor> parameters, double learningRate) {
    Map<Boolean, Map<String, Tensor>> parts = parameters.entrySet().stream().collect(Collectors.partitioningBy(
        entry -> isMatrix(entry.getKey(), entry.getValue()), Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    super.step(parts.get(false), learningRate);
    parts.get(true).entrySet().parallelStream().forEach(entry -> one(entry.getKey(), entry.getValue(), learningRate));
  }

  private static boolean isMatrix(String name, Tensor parameter) {
    return parameter.dim() > 1 && !name.contains("embedding");
  }

  @Override
  void move(String name, Tensor parameter, Tensor gradient, double learningRate) {
    if (!isMatrix(name, parameter)) {
      super.move(name, parameter, gradient, learningRate);
      return;
    }
    Tensor kept = state.get("first", name, () -> torch.zeros_like(parameter));
    kept.lerp_(gradient, new Scalar(1 - momentum));
    Tensor ahead = gradient.lerp(kept, new Scalar(momentum)).flatten(1, -1);
    double root = Math.sqrt(Math.max(ahead.size(0), ahead.size(1)));
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    parameter.add_(orthogonal(ahead, working).view_as(parameter), new Scalar(-learningRate * ROOT_MEAN_SQUARE * root));
  }

  /** A matrix of the same singular vectors, whose singular values are all near 1. */
  static Tensor orthogonal(Tensor matrix, DType working) {
    boolean tall = matrix.size(0) > matrix.size(1);
    Tensor x = (tall ? matrix.t() : matrix).to(working.scalarType()).contiguous();
    x = x.div(x.norm().add(new Scalar(1e-7)));
    for (int i = 0; i < ROUNDS; i++) {
      Tensor square = x.matmul(x.t());
      Tensor quintic = torch.addmm(square, square, square, new Scalar(B), new Scalar(C));
      x = torch.addmm(x, quintic, x, new Scalar(A), new Scalar(1.0));
    }
    return (tall ? x.t() : x).to(ScalarType.Float);
  }
}
