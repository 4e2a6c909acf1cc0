package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Muon: momentum with orthogonalised steps, for weights of two and more dimensions. Convolutions
 * are flattened to [out, rest] (Jordan et al. 2024, kellerjordan.github.io/posts/muon). Other
 * parameters are trained by {@link AdamW}. Steps have AdamW's root mean square, so its learning
 * rates and weight decay apply (Liu et al. 2025, arXiv:2502.16982, eq. 4).
 *
 * <p>A step costs about 20 n multiplications per weight, where n is the smaller side of its matrix,
 * for any batch size. It is meant for training from scratch with large batches, not for LoRA.
 */
public final class Muon extends AdamW {
  /** Coefficients of the quintic that moves singular values towards one in five iterations. */
  private static final double A = 3.4445;

  private static final double B = -4.7750;
  private static final double C = 2.0315;
  private static final int ROUNDS = 5;
  /** The root mean square of AdamW's steps, from the second paper. */
  private static final double ROOT_MEAN_SQUARE = 0.2;

  private final double momentum;
  private final DType workingType;

  /** Creates the optimiser; it orthogonalises in bf16, as torch.optim.Muon does. */
  public Muon(double momentum, double weightDecay) {
    this(momentum, weightDecay, DType.BF16);
  }

  /**
   * Creates the optimiser.
   *
   * @param momentum the share of the previous momentum that is kept; 0.95 in the paper
   * @param weightDecay as in AdamW
   * @param workingType the type in which steps are orthogonalised: bf16, or f32 on a processor that
   *     only emulates bf16 and is many times slower in it
   */
  public Muon(double momentum, double weightDecay, DType workingType) {
    super(0.9, 0.99, 1e-8, weightDecay);
    this.momentum = momentum;
    this.workingType = workingType;
  }

  /**
   * Updates matrices on as many threads as there are cores, because each is too small to share. On
   * a GPU, matrices of one shape are updated together, because a kernel launch costs more than a
   * product.
   */
  @Override
  public void step(Map<String, Tensor> parameters, double learningRate) {
    Map<Boolean, Map<String, Tensor>> parts = parameters.entrySet().stream()
        .collect(Collectors.partitioningBy(
            entry -> isMatrix(entry.getKey(), entry.getValue()),
            Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    super.step(parts.get(false), learningRate);
    if (parts.get(true).values().stream().allMatch(Muon::canBatch)) {
      parts.get(true).entrySet().stream()
          .filter(entry -> entry.getValue().grad().defined())
          .collect(Collectors.groupingBy(
              entry -> List.of(entry.getValue().size(0), entry.getValue().numel())))
          .values()
          .forEach(alike -> updateTogether(alike, learningRate));
    } else {
      parts.get(true).entrySet().parallelStream()
          .forEach(entry -> updateParameter(entry.getKey(), entry.getValue(), learningRate));
    }
  }

  private static boolean canBatch(Tensor parameter) {
    return !parameter.is_cpu() && Tensors.dtype(parameter) == DType.F32;
  }

  private void updateTogether(List<Map.Entry<String, Tensor>> alike, double learningRate) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TensorVector ahead = new TensorVector();
      alike.forEach(entry -> {
        ahead.push_back(
            momentumMatrix(entry.getKey(), entry.getValue(), entry.getValue().grad()));
        entry.getValue().grad().zero_();
      });
      Tensor directions = orthogonalise(torch.stack(ahead, 0), workingType);
      for (int i = 0; i < alike.size(); i++) {
        applyUpdate(alike.get(i).getValue(), directions.select(0, i), learningRate);
      }
    }
  }

  private static boolean isMatrix(String name, Tensor parameter) {
    return parameter.dim() > 1 && !name.contains("embedding");
  }

  @Override
  void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
    if (!isMatrix(name, parameter)) {
      super.update(name, parameter, gradient, learningRate);
      return;
    }
    applyUpdate(
        parameter,
        orthogonalise(momentumMatrix(name, parameter, gradient).unsqueeze(0), workingType),
        learningRate);
  }

  /** Returns the Nesterov momentum as a matrix. */
  private Tensor momentumMatrix(String name, Tensor parameter, Tensor gradient) {
    Tensor kept = state.get("first", name, () -> torch.zeros_like(parameter));
    kept.lerp_(gradient, new Scalar(1 - momentum));
    return gradient.lerp(kept, new Scalar(momentum)).flatten(1, -1);
  }

  private void applyUpdate(Tensor parameter, Tensor direction, double learningRate) {
    double root = Math.sqrt(Math.max(parameter.size(0), parameter.numel() / parameter.size(0)));
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    parameter.add_(
        direction.reshape(parameter.sizes()), new Scalar(-learningRate * ROOT_MEAN_SQUARE * root));
  }

  /**
   * Returns matrices [n, rows, columns] with the same singular vectors and singular values near 1.
   */
  static Tensor orthogonalise(Tensor matrices, DType working) {
    boolean tall = matrices.size(1) > matrices.size(2);
    Tensor x = (tall ? matrices.transpose(1, 2) : matrices)
        .to(Tensors.scalarType(working))
        .contiguous();
    Tensor length = x.flatten(1, -1)
        .norm(new ScalarOptional(new Scalar(2)), new long[] {1}, true)
        .unsqueeze(2);
    x = x.div(length.add(new Scalar(1e-7)));
    for (int i = 0; i < ROUNDS; i++) {
      Tensor square = x.bmm(x.transpose(1, 2));
      Tensor quintic = torch.baddbmm(square, square, square, new Scalar(B), new Scalar(C));
      x = torch.baddbmm(x, quintic, x, new Scalar(A), new Scalar(1.0));
    }
    return (tall ? x.transpose(1, 2) : x).to(ScalarType.Float);
  }
}
