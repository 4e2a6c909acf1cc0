package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.Material;
import dev.likeness.ipadapter.FaceReader.FaceReading.Note;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FaceReaderTest {
  private static final int MARGIN = 4;

  /** Takes upright red bars for faces, when there is some image around them. */
  private static final class Bars implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage p) {
      List<Face> faces = new ArrayList<>();
      int start = -1;
      for (int x = 0; x <= p.width(); x++) {
        boolean red = x < p.width() && height(p, x) > 0;
        if (red && start < 0) {
          start = x;
        } else if (!red && start >= 0) {
          int height = height(p, start);
          if (height > x - start && start >= MARGIN) {
            Face.Eyes eyes = new Face.Eyes(new Point(start, 0), new Point(x, 0));
            faces.add(new Face(
                new BoundingBox(start, 0, x - start, height),
                1,
                HeadPose.FRONTAL,
                Optional.of(eyes),
                Optional.empty()));
          }
          start = -1;
        }
      }
      faces.sort((a, b) -> Double.compare(b.box().area(), a.box().area()));
      return faces;
    }

    private static int height(RgbImage p, int x) {
      int count = 0;
      for (int y = 0; y < p.height(); y++) {
        count += p.at(x, y, 0) == 255 && p.at(x, y, 1) == 0 ? 1 : 0;
      }
      return count;
    }

    @Override
    public String name() {
      return "bars";
    }

    @Override
    public void close() {}
  }

  /** Gives a face's width and height. */
  private static final class Sizes implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return new float[] {(float) face.box().width(), (float) face.box().height()};
    }

    @Override
    public String name() {
      return "sizes";
    }

    @Override
    public double samePersonThreshold() {
      return 0.5;
    }

    @Override
    public void close() {}
  }

  private final FaceReader reader = FaceReader.of(new Bars(), new Sizes());

  @Test
  void takesTheLargestOfSeveralFaces() {
    FaceReader.FaceReading reading = reader.read(bars(300, 200, 20, 70, 100, 80), false);
    assertEquals(List.of(Note.LARGEST_OF_SEVERAL), reading.notes());
    assertEquals(80, reading.face().orElseThrow().face().orElseThrow()[0]);
    assertEquals(224, reading.face().orElseThrow().image().orElseThrow().width());
    assertEquals(
        256,
        reader
            .withSide(256)
            .read(bars(300, 200, 20, 70), false)
            .face()
            .orElseThrow()
            .image()
            .orElseThrow()
            .height());
  }

  @Test
  void rotatesAPhotoThatIsNotUpright() {
    RgbImage lying = ExifOrientation.of(6).toUpright(bars(300, 200, 100, 80));
    assertEquals(List.of(Note.ROTATED), reader.read(lying, false).notes());
  }

  @Test
  void addsAMarginToAFaceThatFillsThePhoto() {
    assertEquals(
        List.of(Note.FOUND_WITH_MARGIN),
        reader.read(bars(80, 200, 0, 80), false).notes());
  }

  @Test
  void addsAMarginToAFaceThatFillsARotatedPhoto() {
    RgbImage lying = ExifOrientation.of(6).toUpright(bars(80, 200, 0, 80));
    assertEquals(
        List.of(Note.FOUND_WITH_MARGIN, Note.ROTATED), reader.read(lying, false).notes());
  }

  @Test
  void triesAMarginIfOnlyATinyFaceIsFound() {
    FaceReader.FaceReading reading = reader.read(bars(100, 200, 0, 70, 85, 10), false);
    assertEquals(70, reading.face().orElseThrow().face().orElseThrow()[0]);
    assertTrue(reading.notes().contains(Note.FOUND_WITH_MARGIN), reading.description());
  }

  @Test
  void reducesLargePhotosBeforeAddingAMargin() {
    List<Integer> widths = new ArrayList<>();
    FaceDetector nobody = new FaceDetector() {
      @Override
      public List<Face> detect(RgbImage image) {
        widths.add(image.width());
        return List.of();
      }

      @Override
      public String name() {
        return "nobody";
      }

      @Override
      public void close() {}
    };
    assertEquals(
        Optional.empty(),
        FaceReader.of(nobody, new Sizes()).read(bars(4000, 30), false).face());
    assertTrue(widths.containsAll(List.of(1536, 2048, 3072)), "with a margin " + widths);
    assertEquals(4000, widths.stream().mapToInt(width -> width).max().orElseThrow());
    assertEquals(
        2, widths.stream().filter(width -> width > 3072).count(), "as it is and upside down alone");
  }

  @Test
  void reportsNotesOfUncertainFaces() {
    assertEquals(List.of(Note.SMALL), reader.read(bars(100, 120, 20, 30), false).notes());
    FaceReader.FaceReading speck = reader.read(bars(100, 50, 20, 10), false);
    assertEquals(Optional.empty(), speck.face());
    assertEquals("the face is less than 16 pixels wide", speck.description());
    FaceReader.FaceReading empty = reader.read(bars(64, 64), false);
    assertEquals(Optional.empty(), empty.face());
    assertEquals("no face was found in any orientation", empty.description());
  }

  @Test
  void refusesForbiddenEmbeddersByName() {
    InvalidInputException e = assertThrows(
        InvalidInputException.class, () -> UsePolicy.COMMERCIAL.require(EmbedderSpec.ARCFACE));
    assertEquals(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
            + "; use an embedder whose licence allows commercial use, such as SFace or AuraFace",
        e.getMessage());
  }

  @Test
  void readsRealPhotos() throws IOException {
    Path embedder = Material.of("faces/mobileface_v2_112.onnx");
    try (FaceDetector detector = new CascadeDetector();
        OnnxEmbedder network =
            OnnxEmbedder.open(embedder, EmbedderSpec.MOBILEFACE, UsePolicy.COMMERCIAL)) {
      FaceReader real = FaceReader.of(detector, network, UsePolicy.COMMERCIAL);
      RgbImage person = photo("photos/people/examples__biden.jpg");
      FaceReader.FaceReading upright = real.read(person, false);
      assertTrue(upright.face().isPresent());
      assertEquals(256, upright.face().orElseThrow().face().orElseThrow().length);
      FaceReader.FaceReading lying = real.read(ExifOrientation.of(8).toUpright(person), false);
      assertTrue(lying.notes().contains(Note.ROTATED), lying.description());
      assertEquals(
          Optional.empty(), real.read(photo("photos/objects/coffee.png"), false).face());
    }
  }

  private static RgbImage photo(String name) throws IOException {
    return new PhotoDecoder(DecodeLimits.DEFAULT)
        .decode(name, Files.readAllBytes(Material.of(name)))
        .image();
  }

  /** Grey, with red bars from the top at each x, of each width, and twice as high. */
  private static RgbImage bars(int width, int height, int... placed) {
    byte[] rgb = new byte[width * height * 3];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++, at += 3) {
        boolean red = false;
        for (int bar = 0; bar < placed.length; bar += 2) {
          red |= x >= placed[bar] && x < placed[bar] + placed[bar + 1] && y < 2 * placed[bar + 1];
        }
        rgb[at] = (byte) (red ? 255 : 90);
        rgb[at + 1] = (byte) (red ? 0 : 90);
        rgb[at + 2] = (byte) (red ? 0 : 90);
      }
    }
    return RgbImage.of(width, height, rgb);
  }
}
