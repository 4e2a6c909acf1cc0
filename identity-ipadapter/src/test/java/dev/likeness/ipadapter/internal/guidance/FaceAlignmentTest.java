package dev.likeness.ipadapter.internal.guidance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class FaceAlignmentTest {
  private static final int FACTOR = 8;
  private static final int WIDTH = 256;
  private static final int HEIGHT = 320;

  private static Face face(double leftX, double leftY, double rightX, double rightY) {
    return new Face(
        new BoundingBox(60, 60, 90, 90),
        1,
        HeadPose.FRONTAL,
        Optional.of(new Face.Eyes(new Point(leftX, leftY), new Point(rightX, rightY))),
        Optional.empty());
  }

  /** Smooth, so that it hardly matters how it is sampled. */
  private static RgbImage image() {
    byte[] rgb = new byte[WIDTH * HEIGHT * 3];
    for (int y = 0, at = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++, at += 3) {
        rgb[at] = (byte) (127 + 100 * Math.sin(x / 17.0));
        rgb[at + 1] = (byte) (127 + 100 * Math.cos(y / 23.0));
        rgb[at + 2] = (byte) (127 + 100 * Math.sin((x + 2 * y) / 41.0));
      }
    }
    return RgbImage.of(WIDTH, HEIGHT, rgb);
  }

  /** Upright; turned and small; leaning out of the image. */
  @ParameterizedTest
  @CsvSource({"100,120,140,120", "90,150,115,140", "20,30,70,44", "200,280,240,290"})
  void alignsTheCropAsTheEmbedderAlignsTheWholeImage(
      double leftX, double leftY, double rightX, double rightY) {
    Face face = face(leftX, leftY, rightX, rightY);
    FaceAlignment window = FaceAlignment.forFace(face, WIDTH / FACTOR, HEIGHT / FACTOR, FACTOR);
    RgbImage whole = AlignmentTemplate.ARCFACE.align(image(), face);
    try (TensorScope scope = TensorScope.open()) {
      Tensor part = ImageTensors.toUnit(image())
          .narrow(2, (long) FACTOR * window.top(), (long) FACTOR * window.height())
          .narrow(3, (long) FACTOR * window.left(), (long) FACTOR * window.width());
      Tensor apart = window
          .align(part, torch.eye(3).unsqueeze(0))
          .sub(ImageTensors.toUnit(whole))
          .abs();
      assertTrue(
          apart.mean().item_double() < 0.01, "mean distance " + apart.mean().item_double());
    }
  }

  @Test
  void cropsTheLatentsOfTheFace() {
    FaceAlignment window =
        FaceAlignment.forFace(face(100, 120, 140, 120), WIDTH / FACTOR, HEIGHT / FACTOR, FACTOR);
    assertTrue(window.width() < WIDTH / FACTOR && window.height() < HEIGHT / FACTOR / 2 + 4);
    try (TensorScope scope = TensorScope.open()) {
      int columns = WIDTH / FACTOR;
      int rows = HEIGHT / FACTOR;
      Tensor latents = torch.arange(new Scalar(4 * rows * columns)).view(1, 4, rows, columns);
      Tensor part = window.crop(latents);
      assertArrayEquals(new long[] {1, 4, window.height(), window.width()}, part.shape());
      int corner = window.top() * columns + window.left();
      int last = 3 * rows * columns
          + (window.top() + window.height() - 1) * columns
          + window.left()
          + window.width()
          - 1;
      assertEquals(corner, part.min().item_long());
      assertEquals(last, part.max().item_long());
      assertTrue(part.flatten()
          .narrow(0, 0, window.width())
          .equal(latents.flatten().narrow(0, corner, window.width())));
    }
  }

  @Test
  void transformsTheFaceByItsViews() {
    FaceAlignment window =
        FaceAlignment.forFace(face(100, 120, 140, 120), WIDTH / FACTOR, HEIGHT / FACTOR, FACTOR);
    try (TensorScope scope = TensorScope.open()) {
      Tensor part = ImageTensors.toUnit(image())
          .narrow(2, (long) FACTOR * window.top(), (long) FACTOR * window.height())
          .narrow(3, (long) FACTOR * window.left(), (long) FACTOR * window.width());
      Tensor plain = window.align(part, torch.eye(3).unsqueeze(0));
      Tensor mirror = torch.diag(torch.tensor(-1f, 1f, 1f)).unsqueeze(0);
      Tensor views = FaceAlignment.FaceViews.of(4);
      Tensor shown = window.align(
          part, torch.cat(new TensorVector(torch.eye(3).unsqueeze(0), mirror, views), 0));
      assertEquals(2 + FaceAlignment.FaceViews.COUNT, shown.size(0));
      assertTrue(shown.narrow(0, 0, 1).equal(plain));
      assertEquals(0, shown.narrow(0, 1, 1).flip(3).sub(plain).abs().max().item_double(), 1e-4);
      for (int i = 0; i < FaceAlignment.FaceViews.COUNT; i++) {
        Tensor view = shown.narrow(0, 2 + i, 1);
        Tensor upright = i % 2 == 0 ? view : view.flip(3);
        double apart = upright.sub(plain).abs().mean().item_double();
        assertTrue(apart > 1e-3 && apart < 0.1, "view " + i + " is " + apart + " off");
      }
    }
  }
}
