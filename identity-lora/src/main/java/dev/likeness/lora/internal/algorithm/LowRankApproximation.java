package dev.likeness.lora.internal.algorithm;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The nearest change of a rank, by singular values (Eckart and Young 1936). Factors share each
 * value's root. Tensors belong to the calling scope.
 */
public final class LowRankApproximation {
  private LowRankApproximation() {}

  /**
   * The nearest change of rank {@code rank}, or of the greatest that {@code matrix} [out, in, …]
   * can have, f32.
   */
  public static LoraDelta of(Tensor matrix, int rank) {
    T_TensorTensorTensor_T parts =
        torch.linalg_svd(matrix.to(ScalarType.Float).flatten(1, -1), false, null);
    return factors(parts.get0(), parts.get1(), parts.get2(), rank, matrix.shape());
  }

  /**
   * The nearest change of that rank to a sum of low-rank ones, each times its weight. The sum
   * itself is never made: only as many directions matter as the ranks say.
   *
   * @param shape of the layer's weight
   */
  public static LoraDelta ofSum(
      List<Map.Entry<LoraDelta, Double>> changes, int rank, long[] shape) {
    TensorVector ups = new TensorVector();
    TensorVector downs = new TensorVector();
    for (Map.Entry<LoraDelta, Double> change : changes) {
      LoraDelta pair = change.getKey();
      ups.push_back(pair.up()
          .to(ScalarType.Float)
          .flatten(1, -1)
          .mul(new Scalar(pair.scale() * change.getValue())));
      downs.push_back(LoraDelta.Tucker.joined(pair).to(ScalarType.Float).flatten(1, -1));
    }
    T_TensorTensor_T left = torch.linalg_qr(torch.cat(ups, 1));
    T_TensorTensor_T right = torch.linalg_qr(torch.cat(downs, 0).t());
    T_TensorTensorTensor_T core =
        torch.linalg_svd(torch.matmul(left.get1(), right.get1().t()), false, null);
    Tensor u = torch.matmul(left.get0(), core.get0());
    Tensor v = torch.matmul(core.get2(), right.get0().t());
    return factors(u, core.get1(), v, rank, shape);
  }

  private static LoraDelta factors(Tensor u, Tensor values, Tensor v, int rank, long[] shape) {
    long kept = Math.min(rank, values.size(0));
    Tensor roots = values.narrow(0, 0, kept).sqrt();
    Tensor up = u.narrow(1, 0, kept).mul(roots).contiguous();
    Tensor down = v.narrow(0, 0, kept).mul(roots.unsqueeze(1)).contiguous();
    if (shape.length == 2) {
      return new LoraDelta(down, null, up, 1);
    }
    return new LoraDelta(
        down.view(kept, shape[1], shape[2], shape[3]), null, up.view(shape[0], kept, 1, 1), 1);
  }
}
