package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Distances of vectors, and of sets of them. */
final class Distances {
  private record Moments(Tensor mean, Tensor covariance) {
    static Moments of(List<float[]> rows) {
      Tensor[] each = rows.stream().map(torch::tensor).toArray(Tensor[]::new);
      Tensor all = torch.stack(new TensorVector(each), 0).to(ScalarType.Double);
      Tensor mean = all.mean(0);
      Tensor centred = all.sub(mean);
      return new Moments(
          mean, centred.t().matmul(centred).div(new Scalar(Math.max(1.0, rows.size() - 1))));
    }
  }

  private Distances() {}

  /** The length of {@code a - b}. */
  static double between(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  /**
   * The Frechet distance of two sets as if each were normally distributed (Dowson and Landau 1982;
   * Heusel et al. 2017, arXiv:1706.08500, eq. 6). It falls with the size of the sets, so that only
   * sets of one size compare.
   */
  static double frechet(List<float[]> a, List<float[]> b) {
    try (TensorScope scope = TensorScope.open()) {
      Moments p = Moments.of(a);
      Moments q = Moments.of(b);
      Tensor root = root(p.covariance);
      double shared = root(root.matmul(q.covariance).matmul(root)).trace().item_double();
      double apart = p.mean.sub(q.mean).square().sum().item_double();
      return apart
          + p.covariance.trace().item_double()
          + q.covariance.trace().item_double()
          - 2 * shared;
    }
  }

  /**
   * How far {@code drawn} and {@code others}, renders of other people, are from {@code held}
   * renders, which neither was made of; of as many faces each as the shortest of the three has,
   * since only sets of one size compare. Without distances where that is fewer than two.
   */
  static Map<String, Object> toHeld(List<float[]> drawn, List<float[]> others, List<float[]> held) {
    int faces = Math.min(held.size(), Math.min(drawn.size(), others.size()));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("faces", faces);
    if (faces > 1) {
      row.put("drawn", frechet(drawn.subList(0, faces), held.subList(0, faces)));
      row.put("other renders", frechet(others.subList(0, faces), held.subList(0, faces)));
    }
    return row;
  }

  /**
   * The symmetric square root of a symmetric matrix without negative eigenvalues but for rounding.
   */
  private static Tensor root(Tensor matrix) {
    var parts = torch.linalg_eigh(matrix);
    Tensor values = parts
        .get0()
        .clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional())
        .sqrt();
    return parts.get1().mul(values).matmul(parts.get1().t());
  }
}
