package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.headshots.internal.photo.Captioner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class CaptionerTrainingTest {
  private static final int IMAGES = 4;
  private static final int STEPS = 60;

  @TempDir
  private Path work;

  @Test
  void learnsItsImagesToTheSameBitsWhetherStoppedOrNot() throws IOException {
    Path folder = work.resolve("model");
    TrainCaptioner.train(work, "none", 1, IMAGES, STEPS, folder.resolve("photo_reader"));
    PortraitRenders known =
        new PortraitRenders(TrainCaptioner.FIRST_PERSON + 1, TrainCaptioner.HEADSHOTS);
    RenderStore store = new RenderStore(work.resolve("renders"));
    Path broken = work.resolve("broken.safetensors");
    training(store, known).runTo(broken, STEPS, 2);
    training(store, known).run(broken, STEPS);
    assertArrayEquals(
        Files.readAllBytes(work.resolve("captioner-state.safetensors")),
        Files.readAllBytes(broken));
    try (Captioner captioner = Captioner.find(folder).orElseThrow()) {
      // Words guessed at random are right in one of five.
      assertTrue(right(captioner, store, known) > .4, right(captioner, store, known) + " right");
    }
  }

  @Test
  void spellsWordsAsProfilesAndScenesDo() {
    Map<String, List<String>> words = new HashMap<>();
    PhotoSlot.ALL.forEach(slot -> words.put(slot.name(), slot.words()));
    assertTrue(words
        .get("hair")
        .containsAll(List.of("a bald head", "long # hair", "a # bob", "# braids", "a headscarf")));
    assertEquals(List.of("", "freckles"), words.get("marks"));
    assertTrue(words.get("backdrop").containsAll(List.of("# background", "bookshelves")));
    assertTrue(words.get("outfit").contains("a # hoodie"));
    assertTrue(words.get("light").containsAll(List.of("flash", "")));
    PhotoSlot.ALL.forEach(
        slot -> assertEquals(slot.attribute().words().size(), slot.words().size(), slot.name()));
  }

  private static CaptionerTraining training(RenderStore store, PortraitRenders known) {
    return new CaptionerTraining(store, known, IMAGES, TrainCaptioner.BATCH, 1);
  }

  private static double right(Captioner captioner, RenderStore store, PortraitRenders known) {
    int right = 0;
    int all = 0;
    for (int i = 0; i < IMAGES; i++) {
      Map<String, float[]> read = captioner.describe(store.image(i));
      for (PhotoSlot slot : PhotoSlot.ALL) {
        int truth = slot.attribute().index(known.person(i), known.shot(i));
        if (truth >= 0) {
          float[] likely = read.get(slot.name());
          all++;
          right += IntStream.range(0, likely.length).allMatch(word -> likely[word] <= likely[truth])
              ? 1
              : 0;
        }
      }
    }
    return right / (double) all;
  }
}
