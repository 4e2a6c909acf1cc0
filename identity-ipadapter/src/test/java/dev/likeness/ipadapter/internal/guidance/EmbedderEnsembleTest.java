package dev.likeness.ipadapter.internal.guidance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedderEnsembleTest {
  private static final Face FACE = new Face(
      new BoundingBox(20, 20, 80, 80), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());

  @TempDir
  private Path base;

  @Test
  void measuresTheAverageOfAll() throws IOException {
    write("ip_adapter", List.of(8, 8, 16, 16), 16);
    write("guidance", List.of(8, 8, 8, 16), 24);
    try (EmbedderEnsemble both = EmbedderEnsemble.findIn(base).orElseThrow();
        TorchEmbedder one = TorchEmbedder.findIn(base.resolve("ip_adapter")).orElseThrow();
        TorchEmbedder other = TorchEmbedder.findIn(base.resolve("guidance")).orElseThrow()) {
      float[] first = both.embed(noise(1), FACE);
      float[] second = both.embed(noise(2), FACE);
      double mean = (cosine(one) + cosine(other)) / 2;
      assertEquals(40, first.length);
      assertEquals(1, FaceEmbedder.cosine(first, first), 1e-5);
      assertEquals(mean, FaceEmbedder.cosine(first, second), 1e-5);
      assertEquals("of 16 and of 24", both.name());
      assertEquals(0.2, both.samePersonThreshold(), 1e-9);
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor faces = torch.rand(4, 3, 112, 112);
        double apart = similarity(one, faces.narrow(0, 0, 2), first, 0)
            + similarity(other, faces.narrow(0, 2, 2), first, 16);
        assertEquals(
            apart, both.similarity(faces, first).item_float(), 1e-5, "each looks at its share");
      }
    }
  }

  private static double cosine(FaceEmbedder eye) {
    return FaceEmbedder.cosine(eye.embed(noise(1), FACE), eye.embed(noise(2), FACE));
  }

  private static double similarity(TorchEmbedder eye, Tensor faces, float[] person, long at) {
    Tensor vectors = eye.forward(faces);
    return vectors
        .matmul(torch.tensor(person).narrow(0, at, vectors.size(1)))
        .mean()
        .item_float();
  }

  @Test
  void oneEmbedderIsUnchanged() throws IOException {
    write("guidance", List.of(8, 8, 16, 16), 16);
    try (EmbedderEnsemble eyes = EmbedderEnsemble.findIn(base).orElseThrow();
        TorchEmbedder one = TorchEmbedder.findIn(base.resolve("guidance")).orElseThrow()) {
      assertArrayEquals(one.embed(noise(1), FACE), eyes.embed(noise(1), FACE));
      assertEquals(one.name(), eyes.name());
    }
  }

  @Test
  void isEmptyWithoutAnyAndClosesAllIfOneIsBroken() throws IOException {
    assertTrue(EmbedderEnsemble.findIn(base).isEmpty());
    write("ip_adapter", List.of(8, 8, 16, 16), 16);
    write("guidance", List.of(8, 8, 16, 16), 16);
    Path config = base.resolve("guidance/face_embedder/config.json");
    Files.writeString(config, Files.readString(config).replace("LikenessFaceNetwork", "ArcFace"));
    assertThrows(InvalidInputException.class, () -> EmbedderEnsemble.findIn(base));
    long objects = Pointer.totalCount();
    assertThrows(InvalidInputException.class, () -> EmbedderEnsemble.findIn(base));
    assertEquals(objects, Pointer.totalCount(), "native objects after another refusal");
  }

  private void write(String place, List<Integer> channels, int size) throws IOException {
    Path folder = Files.createDirectories(base.resolve(place).resolve("face_embedder"));
    Files.writeString(
        folder.resolve("config.json"),
        "{\"_class_name\": \"LikenessFaceNetwork\", \"name\": \"of " + size + "\","
            + " \"same_above\": " + size / 100.0 + ", \"embedding_size\": " + size
            + ", \"block_out_channels\": " + channels + "}");
    try (NoiseSource noise = NoiseSource.seeded(size);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new TorchEmbedder.FaceNetwork(channels, size, Weights.of(weights));
      SafetensorsWriter.write(folder.resolve("model.safetensors"), weights.leaves(), Map.of());
    }
  }

  private static RgbImage noise(long seed) {
    byte[] bytes = new byte[120 * 120 * 3];
    new Random(seed).nextBytes(bytes);
    return RgbImage.of(120, 120, bytes);
  }
}
