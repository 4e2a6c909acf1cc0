package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.OnGoldenBase;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Encoded images that a training leaves for the next. */
@ExtendWith(NoTensorLeaks.class)
class LatentDiskCacheTest extends OnGoldenBase {
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .targets(LoraTargets.ATTENTION)
      .steps(3)
      .batchSize(2)
      .rank(1)
      .trainTextEncoder(false);

  @TempDir
  private Path folder;

  private static TrainingSet trainingSet() {
    byte[] rgb = new byte[24 * 16 * 3];
    Random random = new Random(5);
    return TrainingSet.of(
        Stream.of(1, 2)
            .map(i -> {
              random.nextBytes(rgb);
              return RgbImage.of(24, 16, rgb.clone());
            })
            .toList(),
        PersonToken.of("woman"));
  }

  private static float[] train(TrainingSettings settings, TrainingSet set) {
    try (LoraPerson person = new LoraTrainer(settings).train(base, set, Run.silent())) {
      return base.generate(ImageRequest.of("sks woman").steps(2).size(24, 16).adapter(person.at(1)))
          .pixels();
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void trainsTheSameFromCachedLatents() throws IOException {
    float[] plain = train(SETTINGS, trainingSet());
    assertArrayEquals(plain, train(SETTINGS, trainingSet().latentFolder(folder)));
    List<Path> kept = files();
    assertTrue(OwnerOnly.isOwnerOnly(kept.get(0)));
    assertEquals(2, kept.size());
    try (Safetensors file = Safetensors.open(kept.get(0))) {
      assertEquals(Set.of("mean", "log_variance"), file.names());
    }
    FileTime old = FileTime.fromMillis(1000);
    for (Path file : kept) {
      Files.setLastModifiedTime(file, old);
    }
    assertArrayEquals(plain, train(SETTINGS, trainingSet().latentFolder(folder)));
    assertEquals(old, Files.getLastModifiedTime(kept.get(0)), "encoded again");
  }

  @Test
  void keepsMirroredImagesToo() throws IOException {
    assertArrayEquals(
        train(SETTINGS.randomFlip(true), trainingSet()),
        train(SETTINGS.randomFlip(true), trainingSet().latentFolder(folder)));
    assertEquals(4, files().size());
  }

  @Test
  void encodesDamagedFilesAgain() throws IOException {
    float[] plain = train(SETTINGS, trainingSet().latentFolder(folder));
    Path first = files().get(0);
    Files.write(first, new byte[] {1, 2, 3});
    assertArrayEquals(plain, train(SETTINGS, trainingSet().latentFolder(folder)));
    assertNotEquals(3, Files.size(first));
    assertTrue(files().size() == 2);
  }
}
