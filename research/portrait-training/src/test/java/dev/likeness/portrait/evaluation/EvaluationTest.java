package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Run;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.training.RandomPrompt;
import dev.likeness.portrait.training.TrainingPictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
  private static final EvaluationTools NONE =
      new EvaluationTools(Optional.empty(), Optional.empty(), Optional.empty());

  @Test
  void measuresGoesOnAndRefusesOtherNumbers(@TempDir Path folder) throws IOException {
    EvaluationPlan plan = new EvaluationPlan(2, 2, 6, 0, 2, 4, 0);
    Map<String, Object> figures = evaluate(plan, folder);
    assertEquals(Map.of("skipped", "no outside detector was given"), figures.get("faces"));
    Map<?, ?> nearest = (Map<?, ?>) figures.get("nearest training image");
    assertEquals(6, nearest.get("training images"));
    Map<?, ?> autoencoder = (Map<?, ?>) figures.get("autoencoder");
    assertEquals(2, autoencoder.get("renders"));
    assertTrue((double) autoencoder.get("decibels, least") > 30, autoencoder.toString());
    assertEquals(
        10 * Math.log10(255.0 * 255),
        AutoencoderLoss.decibels(new byte[] {1, 2}, new byte[] {0, 3}),
        1e-9);
    assertTrue((double) nearest.get("drawn, median") > 5, "two steps do not copy");
    assertTrue(
        EvaluationTable.of(figures).contains("  drawn, median"), EvaluationTable.of(figures));
    Path image = folder.resolve("prompts/0001.png");
    byte[] drawn = Files.readAllBytes(image);
    Files.write(folder.resolve("prompts/0000.png"), drawn);
    assertEquals(figures, evaluate(plan, folder), "nothing is measured twice");
    assertEquals(drawn.length, Files.size(folder.resolve("prompts/0000.png")));
    InvalidInputException other =
        assertThrows(InvalidInputException.class, () -> evaluate(plan.prompts(3), folder));
    assertTrue(
        other
            .getMessage()
            .endsWith("give an empty folder, or that model and those numbers to go on"),
        other.getMessage());
  }

  private static Map<String, Object> evaluate(EvaluationPlan plan, Path folder) {
    return Evaluation.of(PortraitModel.files(), plan, NONE, folder, Run.silent());
  }

  @Test
  void knowsWhichImagesTheModelLearntFrom(@TempDir Path folder) {
    String run = "commit c seed=7 edition=" + Renderer.EDITION
        + " images=4 candidates=2 steps=1, after commit c seed=8 edition=1 images=60 steps=2";
    TrainingPictures training = learnt(
        folder,
        "seed=5 edition=" + Renderer.EDITION + " images=3 steps=1",
        "commit r seed=9 edition=" + Renderer.EDITION + " images=100",
        run + ", after commit d seed=1 images=50 steps=2");
    TrainingPictures released = TrainingPictures.of(PortraitModel.files());
    assertTrue(released.count() >= 10_000, released.count() + " images");
    assertEquals(
        57, training.count(), "not what readers learnt from, nor what another edition drew");
    assertEquals(
        Renderer.render(Person.random(5), Shot.headshot(new Random(5 * 0x9E3779B97F4A7C15L)), 256)
            .image(),
        training.image(0));
    assertThrows(IndexOutOfBoundsException.class, () -> training.image(57));
  }

  private static TrainingPictures learnt(
      Path folder, String numbers, String readers, String after) {
    Map<String, String> made =
        Map.of("commit", "c", "numbers", numbers, "readers", readers, "after", after);
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          folder.resolve("unet/diffusion_pytorch_model.safetensors"),
          Map.of("one", torch.ones(1)),
          made);
    }
    return TrainingPictures.of(folder);
  }

  @Test
  void readsBackWhatIsThereAndMissesWhatIsNot() {
    List<RandomPrompt> prompts = RandomPrompt.draw(0, 5);
    List<RgbImage> renders = prompts.stream().map(RandomPrompt::render).toList();
    // Reads a render by knowing it; of any other image it says what the first one shows.
    Map<String, Object> found =
        PromptFollowing.measure(prompts, Collections.nCopies(5, renders.get(0)), image -> {
          int index = Math.max(0, renders.indexOf(image));
          Map<Attribute, String> words = new EnumMap<>(Attribute.class);
          RandomPrompt prompt = prompts.get(index);
          List.of(Attribute.values())
              .forEach(a -> words.put(a, a.word(prompt.person(), prompt.shot())));
          return words;
        });
    Map<?, ?> overall = (Map<?, ?>) found.get("overall");
    assertEquals(1.0, overall.get("rendered"));
    assertTrue(
        (double) overall.get("drawn") > .1 && (double) overall.get("drawn") < .7,
        overall.toString());
    assertTrue(found.containsKey(Attribute.OUTFIT.name().toLowerCase(Locale.ROOT)));
  }

  @Test
  void findsNoDistanceOfASetToItselfAndTheKnownOneToOthers() {
    Random random = new Random(1);
    List<float[]> a = new ArrayList<>();
    List<float[]> moved = new ArrayList<>();
    List<float[]> wider = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      float[] one = {
        (float) random.nextGaussian(), (float) random.nextGaussian(), (float) random.nextGaussian()
      };
      a.add(one);
      moved.add(new float[] {one[0] + 3, one[1], one[2] - 4});
      wider.add(new float[] {2 * one[0], one[1], one[2]});
    }
    assertEquals(0, Distances.frechet(a, a), 1e-9);
    assertEquals(25, Distances.frechet(a, moved), 1e-4);
    // (2 - 1)^2 in one direction, times its variance, which is one but for chance.
    assertEquals(1, Distances.frechet(a, wider), .1);
  }

  @Test
  void comparesAsManyFacesOfEachSet() {
    List<float[]> held = List.of(new float[] {0}, new float[] {2}, new float[] {4});
    List<float[]> moved = List.of(new float[] {3}, new float[] {5});
    Map<String, Object> row =
        Distances.toHeld(moved, List.of(new float[] {0}, new float[] {2}, new float[] {99}), held);
    assertEquals(2, row.get("faces"));
    assertEquals(9, (double) row.get("drawn"), 1e-6);
    assertEquals(0, (double) row.get("other renders"), 1e-6);
    assertEquals(Map.of("faces", 1), Distances.toHeld(moved, moved, held.subList(0, 1)));
  }

  @Test
  void separatesPairsThatAreApart() {
    List<float[]> one = List.of(new float[] {1, 0}, new float[] {.9f, .1f}, new float[] {.8f, .2f});
    List<float[]> two = List.of(new float[] {0, 1}, new float[] {.1f, .9f});
    Map<String, Object> row = IdentityFigures.separation(List.of(one, two));
    assertEquals(Map.of("pairs of one", 4, "pairs of two", 6, "AUC", 1.0), row);
    assertEquals(.5, (double) IdentityFigures.separation(List.of(one, one)).get("AUC"), .26);
    assertEquals(
        Map.of("pairs of one", 3, "pairs of two", 0),
        IdentityFigures.separation(List.of(one, List.of())));
  }
}
