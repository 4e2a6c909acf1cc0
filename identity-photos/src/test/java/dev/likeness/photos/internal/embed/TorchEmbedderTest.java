package dev.likeness.photos.internal.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchEmbedderTest {
  private static final List<Integer> CHANNELS = List.of(8, 8, 16, 16);
  private static final Face FACE = new Face(
      new BoundingBox(20, 20, 80, 80), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());

  @TempDir
  private Path base;

  @Test
  void embedsIntoUnitVectorsTheSameFromEveryThread() throws IOException {
    write("LikenessFaceNetwork", CHANNELS);
    try (TorchEmbedder embedder = TorchEmbedder.findIn(base).orElseThrow()) {
      RgbImage one = noise(1);
      float[] first = embedder.embed(one, FACE);
      assertEquals(16, first.length);
      assertEquals(1, FaceEmbedder.cosine(first, first), 1e-5);
      IntStream.range(0, 8)
          .parallel()
          .forEach(i -> assertArrayEquals(first, embedder.embed(one, FACE)));
      assertTrue(FaceEmbedder.cosine(first, embedder.embed(noise(2), FACE)) < 0.9999);
      assertEquals("tiny", embedder.name());
      assertEquals(0.25, embedder.samePersonThreshold());
    }
  }

  @Test
  void wasTrainedOnWhatTheFolderDeclares() throws IOException {
    write("LikenessFaceNetwork", CHANNELS);
    assertEquals(true, isTrainedOnPhotographs(), "nothing is declared");
    Files.writeString(base.resolve("likeness.json"), "{\"photographs\": false}");
    assertEquals(false, isTrainedOnPhotographs(), "the base is not");
    Path config = base.resolve("face_embedder/config.json");
    Files.writeString(config, Files.readString(config).replace("}", ", \"photographs\": true}"));
    assertEquals(true, isTrainedOnPhotographs(), "its own config decides");
  }

  private boolean isTrainedOnPhotographs() {
    try (TorchEmbedder embedder = TorchEmbedder.findIn(base).orElseThrow()) {
      return embedder.isTrainedOnPhotographs();
    }
  }

  @Test
  void returnsTheRawVectorToo() throws IOException {
    write("LikenessFaceNetwork", CHANNELS);
    try (TorchEmbedder embedder = TorchEmbedder.findIn(base).orElseThrow()) {
      float[] raw = embedder.embedRaw(noise(1), FACE);
      float[] unit = embedder.embed(noise(1), FACE);
      double length = Math.sqrt(FaceEmbedder.cosine(raw, raw));
      assertTrue(Math.abs(length - 1) > 1e-2, "length " + length);
      assertEquals(length, FaceEmbedder.cosine(raw, unit), 1e-4 * length);
    }
  }

  @Test
  void embeddersWithoutRawVectorsThrow() {
    FaceEmbedder unit = new FaceEmbedder() {
      @Override
      public float[] embed(RgbImage image, Face face) {
        return new float[] {1};
      }

      @Override
      public String name() {
        return "unit";
      }

      @Override
      public double samePersonThreshold() {
        return 0;
      }

      @Override
      public void close() {}
    };
    assertTrue(assertThrows(InvalidInputException.class, () -> unit.embedRaw(noise(1), FACE))
        .getMessage()
        .startsWith("the face embedder unit returns only normalised vectors"));
  }

  @Test
  void isEmptyIfTheModelHasNone() {
    assertTrue(TorchEmbedder.findIn(base).isEmpty());
  }

  @Test
  void comparesPhotosIfItWasTrainedOnPhotographs() throws IOException {
    FaceDetector nobody = new FaceDetector() {
      @Override
      public List<Face> detect(RgbImage image) {
        return List.of();
      }

      @Override
      public String name() {
        return "nobody";
      }

      @Override
      public void close() {}
    };
    try (ReviewTools without = ReviewTools.of(nobody)) {
      assertSame(without, without.withEmbedderIn(base), "a folder without an embedder");
      write("LikenessFaceNetwork", CHANNELS);
      try (ReviewTools tools = ReviewTools.of(nobody).withEmbedderIn(base)) {
        assertEquals("tiny", tools.embedder().orElseThrow().name());
        assertSame(tools, tools.withEmbedderIn(base), "the given embedder stays");
      }
      Files.writeString(base.resolve("likeness.json"), "{\"photographs\": false}");
      long objects = Pointer.totalCount();
      assertSame(without, without.withEmbedderIn(base), "an embedder of rendered faces");
      assertEquals(objects, Pointer.totalCount(), "native objects after it was left out");
    }
  }

  @Test
  void refusesAnotherKindAndWeightsThatDoNotFit() throws IOException {
    write("ArcFace", CHANNELS);
    assertTrue(assertThrows(InvalidInputException.class, () -> TorchEmbedder.findIn(base))
        .getMessage()
        .contains("ArcFace"));
    write("LikenessFaceNetwork", List.of(8, 8, 16, 32));
    assertTrue(assertThrows(InvalidInputException.class, () -> TorchEmbedder.findIn(base))
        .getMessage()
        .contains("levels.2"));
    long objects = Pointer.totalCount();
    assertThrows(InvalidInputException.class, () -> TorchEmbedder.findIn(base));
    assertEquals(objects, Pointer.totalCount(), "native objects after another refusal");
  }

  /** Weights of {@link #CHANNELS} beside a config that says {@code told}. */
  private void write(String kind, List<Integer> told) throws IOException {
    Path folder = Files.createDirectories(base.resolve("face_embedder"));
    Files.writeString(
        folder.resolve("config.json"),
        "{\"_class_name\": \"" + kind + "\", \"name\": \"tiny\","
            + " \"same_above\": 0.25, \"embedding_size\": 16, \"block_out_channels\": " + told
            + "}");
    try (NoiseSource noise = NoiseSource.seeded(3);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new TorchEmbedder.FaceNetwork(CHANNELS, 16, Weights.of(weights));
      SafetensorsWriter.write(folder.resolve("model.safetensors"), weights.leaves(), Map.of());
    }
  }

  private static RgbImage noise(long seed) {
    byte[] bytes = new byte[120 * 120 * 3];
    new Random(seed).nextBytes(bytes);
    return RgbImage.of(120, 120, bytes);
  }
}
