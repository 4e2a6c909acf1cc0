package dev.likeness.photos.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.opencv.Onnx;
import dev.likeness.photos.quality.FaceQuality;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What face networks are given: networks that answer their input, and a face that lies where the
 * template has it.
 */
class FaceInputTest {
  private static final int SIDE = AlignmentTemplate.ARCFACE.size();
  private static final int PIXELS = SIDE * SIDE;
  private static final RgbImage IMAGE = noise();
  private static final Face FACE = new Face(
      new BoundingBox(10, 10, 90, 90),
      1,
      HeadPose.FRONTAL,
      Optional.empty(),
      Optional.of(AlignmentTemplate.ARCFACE.landmarks()));

  @TempDir
  private Path folder;

  /**
   * insightface: {@code cv2.dnn.blobFromImages(imgs, 1 / 127.5, size, (127.5, 127.5, 127.5),
   * swapRB=True)}.
   */
  @Test
  void givesArcFaceAndAuraFaceRgbFromMinusOneToOne() throws IOException {
    for (EmbedderSpec spec : new EmbedderSpec[] {EmbedderSpec.ARCFACE, EmbedderSpec.AURAFACE}) {
      assertArrayEquals(planes(127.5f, 1 / 127.5f), networkInput(spec), 1e-5f, spec.name());
    }
  }

  /** As ArcFace of the ONNX zoo, exported from MXNet, does. */
  @Test
  void leavesScalingToTheNetworkThatBeginsWithIt() throws IOException {
    Path file = Files.write(folder.resolve("scales.onnx"), Onnx.scaled(SIDE, 127.5f, 1 / 127.5f));
    try (OnnxEmbedder embedder =
        OnnxEmbedder.open(file, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)) {
      assertArrayEquals(planes(127.5f, 1 / 127.5f), embedder.embedRaw(IMAGE, FACE), 1e-5f);
    }
  }

  @Test
  void scalesForANetworkThatConvolvesBeforeItSubtracts() throws IOException {
    Path file =
        Files.write(folder.resolve("convolves.onnx"), Onnx.convolvedAndScaled(SIDE, 0.5f, 2));
    try (OnnxEmbedder embedder =
        OnnxEmbedder.open(file, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)) {
      float[] planes = planes(127.5f, 1 / 127.5f);
      for (int i = 0; i < planes.length; i++) {
        planes[i] = (planes[i] - 0.5f) * 2;
      }
      assertArrayEquals(planes, embedder.embedRaw(IMAGE, FACE), 1e-5f);
    }
  }

  /**
   * OpenCV's FaceRecognizerSF: {@code dnn::blobFromImage(aligned, 1, Size(112, 112), Scalar(0, 0,
   * 0), true, false)}.
   */
  @Test
  void givesSFaceAndMobileFaceRgbBytesUnscaled() throws IOException {
    for (EmbedderSpec spec : new EmbedderSpec[] {EmbedderSpec.SFACE, EmbedderSpec.MOBILEFACE}) {
      assertArrayEquals(planes(0, 1), networkInput(spec), 1e-4f, spec.name());
    }
  }

  @Test
  void givesTheQualityNetworkBgrFromMinusOneToOne() throws IOException {
    float[] planes = planes(127.5f, 1 / 127.5f);
    for (int channel = 0; channel < 3; channel++) {
      double mean = 0;
      for (int i = 0; i < PIXELS; i++) {
        mean += planes[(2 - channel) * PIXELS + i] / PIXELS;
      }
      float[] picks = new float[3];
      picks[channel] = 1;
      Path file = Files.write(folder.resolve(channel + ".onnx"), Onnx.pointwise(SIDE, picks));
      try (FaceQuality quality = FaceQuality.OnnxFaceQuality.open(file)) {
        assertEquals(mean, quality.score(IMAGE, FACE), 1e-5, "channel " + channel);
      }
    }
  }

  private float[] networkInput(EmbedderSpec spec) throws IOException {
    Path file = Files.write(folder.resolve("same.onnx"), Onnx.identity(SIDE));
    try (OnnxEmbedder embedder = OnnxEmbedder.open(file, spec, UsePolicy.NON_COMMERCIAL)) {
      return embedder.embedRaw(IMAGE, FACE);
    }
  }

  /** The image's red, then green, then blue values, each (v - mean) * scale. */
  private static float[] planes(float mean, float scale) {
    float[] planes = new float[3 * PIXELS];
    for (int i = 0; i < planes.length; i++) {
      int pixel = i % PIXELS;
      planes[i] = (IMAGE.at(pixel % SIDE, pixel / SIDE, i / PIXELS) - mean) * scale;
    }
    return planes;
  }

  /** Noise whose channels have means of their own: about 63, 95 and 127. */
  private static RgbImage noise() {
    byte[] rgb = new byte[PIXELS * 3];
    Random random = new Random(7);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) random.nextInt(128 + 64 * (i % 3));
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
