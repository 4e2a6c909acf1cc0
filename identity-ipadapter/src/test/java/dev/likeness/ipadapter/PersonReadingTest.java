package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PersonReadingTest {
  private static BaseModel base;
  private static ImageEncoder encoder;
  private static IpAdapter face;
  private static IpAdapter plain;

  private final FaceReader reader = FaceReader.of(new Bright(), new First());

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    encoder = ImageEncoder.open(GoldenImageEncoder.write("clip-quick", parent), Compute.EXACT);
    face = IpAdapter.open(GoldenAdapters.of("base").write("faceid", parent), base);
    plain = IpAdapter.open(GoldenAdapters.of("base").write("base", parent), base, encoder);
  }

  @AfterAll
  static void closesTheBase() {
    plain.close();
    face.close();
    encoder.close();
    base.close();
  }

  @Test
  void facesHaveTheWeightsOfTheirPhotos() {
    FaceReader.PersonReading person = FaceReader.PersonReading.of(
        face, reader, List.of(photo(250).weight(0.2), photo(10), photo(200)));
    assertEquals(List.of(0.2, 1.0), person.prompt().references().weights());
    assertEquals(2, person.prompt().references().face().orElseThrow().count());
    assertEquals(
        "no face was found in any orientation", person.readings().get(1).description());
    assertFalse(person.usesFallback());
  }

  @Test
  void usesTheImagesIfNoneHasAFace() {
    List<Reference> faceless = List.of(photo(10), photo(20).weight(0.5));
    FaceReader.PersonReading person = FaceReader.PersonReading.of(face, reader, faceless, plain);
    assertTrue(person.usesFallback());
    assertEquals(plain.embed(faceless), person.prompt().references());
    assertTrue(assertThrows(
            InvalidInputException.class, () -> FaceReader.PersonReading.of(face, reader, faceless))
        .getMessage()
        .startsWith("no photo has a usable face: photo 1: no face"));
  }

  /** A photo of one gray. */
  private static Reference photo(int gray) {
    byte[] rgb = new byte[120 * 120 * 3];
    Arrays.fill(rgb, (byte) gray);
    return Reference.of(RgbImage.of(120, 120, rgb));
  }

  /** Takes whatever is bright in the middle for a face. */
  private static final class Bright implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage p) {
      Face.Eyes eyes = new Face.Eyes(new Point(40, 40), new Point(80, 40));
      return p.at(p.width() / 2, p.height() / 2, 0) < 150
          ? List.of()
          : List.of(new Face(
              new BoundingBox(20, 20, 80, 80),
              1,
              HeadPose.FRONTAL,
              Optional.of(eyes),
              Optional.empty()));
    }

    @Override
    public String name() {
      return "bright";
    }

    @Override
    public void close() {}
  }

  /** Sees everybody as the first of 24. */
  private static final class First implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      float[] numbers = new float[24];
      numbers[0] = 1;
      return numbers;
    }

    @Override
    public String name() {
      return "first";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }
}
