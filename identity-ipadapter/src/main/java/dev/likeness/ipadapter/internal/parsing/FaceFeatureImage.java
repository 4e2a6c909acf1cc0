package dev.likeness.ipadapter.internal.parsing;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The image of a face that PuLID gives its vision tower: the face in grey on white, so that
 * colours, clothes and background tell nothing. Same results as the lines of
 * {@code PuLIDPipeline.get_id_embedding} between the aligned face and the tower.
 */
public final class FaceFeatureImage {
  // Background, neck, clothes, ears, ear rings, necklace and hat in facexlib's numbers.
  private static final long[] WHITE_LABELS = {0, 16, 18, 7, 8, 9, 14, 15};
  private static final double[] GREY = {0.299, 0.587, 0.114};
  // Keys' cubic convolution as PyTorch's filter against aliasing and Pillow have it.
  private static final double CUBIC = -0.5;
  private static final double SUPPORT = 2;

  private FaceFeatureImage() {}

  /**
   * Returns the grey face on white, [1, 3, h, w], in 0..1; the calling scope owns it.
   *
   * @param unit an aligned face in 0..1, [1, 3, h, w]
   * @param labels the label of each pixel, [1, 1, h, w]
   */
  public static Tensor of(Tensor unit, Tensor labels) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor grey = unit.select(1, 0).mul(new Scalar(GREY[0]));
      for (int c = 1; c < GREY.length; c++) {
        grey = grey.add(unit.select(1, c).mul(new Scalar(GREY[c])));
      }
      Tensor white = labels.ne(labels);
      for (long label : WHITE_LABELS) {
        white = white.logical_or(labels.eq(new Scalar(label)));
      }
      Tensor face = grey.unsqueeze(1).masked_fill(white, new Scalar(1.0));
      return scope.promote(torch.cat(new TensorVector(face, face, face), 1));
    }
  }

  /**
   * Resizes an image [1, 3, h, w] to a square by a bicubic filter that widens when it reduces
   * ({@code torchvision.transforms.functional.resize} of a tensor). Values may overshoot.
   */
  public static Tensor resize(Tensor image, int side) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor rows = weights((int) image.size(2), side);
      Tensor columns = weights((int) image.size(3), side);
      return scope.promote(
          rows.matmul(image.to(ScalarType.Double)).matmul(columns.t()).to(ScalarType.Float));
    }
  }

  /** Returns the weights of each input for each output, [to, from], f64. */
  private static Tensor weights(int from, int to) {
    float[] all = new float[to * from];
    double scale = (double) from / to;
    double widen = Math.max(1, scale);
    for (int i = 0; i < to; i++) {
      double center = scale * (i + 0.5);
      int first = Math.max(0, (int) (center - SUPPORT * widen + 0.5));
      int end = Math.min(from, (int) (center + SUPPORT * widen + 0.5));
      double sum = 0;
      for (int j = first; j < end; j++) {
        sum += cubic((j + 0.5 - center) / widen);
      }
      for (int j = first; j < end; j++) {
        all[i * from + j] = (float) (cubic((j + 0.5 - center) / widen) / sum);
      }
    }
    return torch.tensor(all).view(to, from).to(ScalarType.Double);
  }

  private static double cubic(double x) {
    double a = Math.abs(x);
    return a < 1
        ? ((CUBIC + 2) * a - (CUBIC + 3)) * a * a + 1
        : a < 2 ? ((a - 5) * a + 8) * a * CUBIC - 4 * CUBIC : 0;
  }
}
