package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Mask;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Converts images to tensors and back. Tensors are [1, 3, height, width], red first. */
public final class ImageTensors {
  private ImageTensors() {}

  /** Converts an image to -1..1, f32, CPU, the input of an autoencoder. */
  public static Tensor toSigned(RgbImage image) {
    return signed(rows(image));
  }

  /**
   * Converts bytes [n, height, width, 3] of images to -1..1, [n, 3, height, width], f32, on the
   * same device.
   */
  public static Tensor toSigned(Tensor bytes) {
    return signed(bytes.permute(0, 3, 1, 2).to(ScalarType.Float));
  }

  private static Tensor signed(Tensor rows) {
    return rows.div(new Scalar(127.5)).sub(new Scalar(1.0)).contiguous();
  }

  /** Converts an image to 0..1, f32, CPU, the input of a ControlNet. */
  public static Tensor toUnit(RgbImage image) {
    return rows(image).div(new Scalar(255.0)).contiguous();
  }

  private static Tensor rows(RgbImage image) {
    Tensor bytes =
        torch.tensor(image.rgb(), new org.bytedeco.pytorch.TensorOptions(ScalarType.Byte));
    return bytes.view(1, image.height(), image.width(), 3).permute(0, 3, 1, 2).to(ScalarType.Float);
  }

  /**
   * Converts an image to grey in 0..1 (ITU-R BT.601 luma with Pillow's rounding), [1, 1, height,
   * width], f32, CPU.
   */
  public static Tensor toGrey(RgbImage image) {
    float[] grey = new float[image.width() * image.height()];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = Mask.luma(image, i % image.width(), i / image.width()) / 255f;
    }
    return torch.tensor(grey).view(1, 1, image.height(), image.width());
  }

  /** Converts a decoded image from -1..1 to 0..1 and clamps it, f32, CPU. */
  public static Tensor toUnit(Tensor decoded) {
    return decoded
        .to(ScalarType.Float)
        .div(new Scalar(2.0))
        .add(new Scalar(0.5))
        .clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0)))
        .cpu();
  }

  /**
   * Converts one tensor in 0..1 to an image; values are rounded to the nearest byte, halves to
   * even.
   */
  public static RgbImage toImage(Tensor unit) {
    Tensor bytes = unit.mul(new Scalar(255.0))
        .round()
        .to(ScalarType.Byte)
        .permute(0, 2, 3, 1)
        .contiguous();
    byte[] rgb = new byte[Math.toIntExact(bytes.numel())];
    new BytePointer(bytes.data_ptr()).get(rgb);
    return RgbImage.of(Math.toIntExact(unit.size(3)), Math.toIntExact(unit.size(2)), rgb);
  }

  /** Returns the values of a tensor in row-major order, as f32. */
  public static float[] floats(Tensor tensor) {
    Tensor flat = tensor.to(ScalarType.Float).cpu().contiguous();
    float[] values = new float[Math.toIntExact(flat.numel())];
    new FloatPointer(flat.data_ptr()).get(values);
    return values;
  }

  /**
   * Reduces a mask [1, 1, height, width] to the size of latents by the upper left pixel of each
   * block.
   *
   * @param factor pixels along one side of a latent pixel
   */
  public static Tensor downsampleMask(Tensor mask, long factor) {
    return mask.view(
            new long[] {1, 1, mask.size(2) / factor, factor, mask.size(3) / factor, factor})
        .select(5, 0)
        .select(3, 0);
  }
}
