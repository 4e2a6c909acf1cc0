package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class FeedbackLossTest {
  private static final int DRAWN = 4;
  private static final float SURE = 20;

  @Test
  void whatIsAskedForAndReadCostsNothing() {
    try (TensorScope scope = TensorScope.open()) {
      List<Map<Attribute, Set<String>>> prompts =
          asked("studio portrait of a woman with freckles", "studio portrait of a woman");
      Map<Attribute, Tensor> scores = scores("freckles");
      assertEquals(0, AskedLoss.of(List.of(scores), prompts).sum().item_double(), 1e-6);
      Tensor missed = AskedLoss.of(List.of(scores("")), prompts);
      assertEquals(1, missed.select(0, 0).item_double(), 1e-3, "freckles were asked for");
      assertEquals(0, missed.select(0, 1).item_double(), 1e-6, "and here nothing was");
    }
  }

  @Test
  void eitherOfTwoWordsWillDo() {
    try (TensorScope scope = TensorScope.open()) {
      for (String outfit : Attribute.OUTFIT.words()) {
        boolean formal = outfit.equals("suit and tie") || outfit.equals("blazer");
        Tensor missed = AskedLoss.of(
            List.of(Map.of(Attribute.OUTFIT, sure(Attribute.OUTFIT, outfit))),
            asked("a man in business attire"));
        assertEquals(formal ? 0 : 1, missed.item_double(), 1e-3, outfit);
      }
    }
  }

  @Test
  void whatIsHeldForUnlikelyStillPulls() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor one = torch.tensor(new float[] {4, 0}).view(1, -1).set_requires_grad(true);
      Tensor cost =
          AskedLoss.of(List.of(Map.of(Attribute.FRECKLES, one)), asked("a woman with freckles"));
      double p = 1 / (1 + Math.exp(4));
      assertEquals(1 - Math.sqrt(p), cost.item_double(), 1e-5);
      cost.sum().backward();
      assertEquals(-Math.sqrt(p) * (1 - p) / 2, one.grad().select(1, 1).item_double(), 1e-5);
    }
  }

  @Test
  void whoHoldsAWordForLessLikelyCounts() {
    try (TensorScope scope = TensorScope.open()) {
      List<Map<Attribute, Set<String>>> prompts =
          asked("studio portrait of a woman with freckles", "studio portrait of a woman");
      Tensor missed = AskedLoss.of(List.of(scores("freckles"), scores("")), prompts);
      assertEquals(1, missed.select(0, 0).item_double(), 1e-3, "one reader sees none");
      assertEquals(0, missed.select(0, 1).item_double(), 1e-6, "and here nothing was asked");
    }
  }

  @Test
  void coloursCountFromTheFirstSteps() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor one = torch.ones(2);
      Tensor alphas = torch.tensor(new float[] {0.01f, 0.9f});
      Tensor cost =
          FeedbackLoss.weighed(Map.of(Attribute.OUTFIT_COLOUR, one, Attribute.GAZE, one), alphas);
      assertEquals(
          0.3 + 0.01,
          cost.select(0, 0).item_double(),
          1e-6,
          "a colour is decided among noise, where eyes look is not");
      assertEquals(0.9 + 0.9, cost.select(0, 1).item_double(), 1e-6);
    }
  }

  @Test
  void whatIsDrawnWorstCountsTwice() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor lacking = torch.ones(1);
      Tensor alphas = torch.tensor(new float[] {0.5f});
      assertEquals(
          0.5, FeedbackLoss.weighed(Map.of(Attribute.HAIR, lacking), alphas).item_double(), 1e-6);
      assertEquals(
          1, FeedbackLoss.weighed(Map.of(Attribute.EYES, lacking), alphas).item_double(), 1e-6);
    }
  }

  @Test
  void whatIsDrawnWorstIsDrawnMost(@TempDir Path folder) {
    PortraitRenders known = new PortraitRenders(1);
    try (TensorScope scope = TensorScope.open();
        LatentSet data = NoiseLatents.of(folder, 200);
        NoiseSource noise = NoiseSource.seeded(1);
        SamplePool drawings = new SamplePool(data, known, 200)) {
      drawings.restart(new Random(1), noise);
      double drawn =
          drawings.asked().stream().mapToInt(FeedbackLossTest::small).average().orElseThrow();
      double all = IntStream.range(0, 200)
          .boxed()
          .flatMap(i -> known.captions(i).stream())
          .map(Asked::of)
          .mapToInt(FeedbackLossTest::small)
          .average()
          .orElseThrow();
      assertTrue(drawn > 1.3 * all, drawn + " small things a caption, of all " + all);
    }
  }

  private static List<Map<Attribute, Set<String>>> asked(String... prompts) {
    return Stream.of(prompts).map(Asked::of).toList();
  }

  private static int small(Map<Attribute, Set<String>> words) {
    Set<Attribute> asked = new HashSet<>(words.keySet());
    asked.retainAll(
        Set.of(Attribute.EYES, Attribute.AGE, Attribute.BACKDROP_COLOUR, Attribute.PATTERN));
    return asked.size();
  }

  @Test
  void drawingsGoOnFromTheirOwnGuesses(@TempDir Path folder) {
    DiffusionObjective objective = objective();
    try (TensorScope scope = TensorScope.open();
        LatentSet data = NoiseLatents.of(folder, 6);
        NoiseSource noise = NoiseSource.seeded(1);
        SamplePool drawings = new SamplePool(data, new PortraitRenders(1), DRAWN)) {
      Random random = new Random(1);
      drawings.restart(random, noise);
      assertTrue(Arrays.stream(drawings.timesteps(objective)).allMatch(t -> t == 999));
      Tensor guess = torch.full(new long[] {DRAWN, 8, 32, 32}, new Scalar(1.0));
      Set<Integer> levels = new HashSet<>();
      List<Map<Attribute, Set<String>>> before = drawings.asked();
      for (int i = 0; i < SamplePool.STEPS; i++) {
        drawings.advance(guess, objective, random, noise);
      }
      int[] timesteps = drawings.timesteps(objective);
      Arrays.stream(timesteps).forEach(levels::add);
      assertEquals(
          DRAWN, levels.size(), "each is at a step of its own: " + Arrays.toString(timesteps));
      Tensor alphas = objective.alphas(guess, timesteps).flatten();
      for (int i = 0; i < DRAWN; i++) {
        assertEquals(
            alphas.select(0, i).item_double(),
            drawings.latents().select(0, i).mean().item_double(),
            0.07,
            "what is left of the guess at " + timesteps[i]);
      }
      assertTrue(!before.equals(drawings.asked()), "what is finished gives way");
      while (Arrays.stream(drawings.timesteps(objective)).noneMatch(t -> t == 999)) {
        drawings.advance(guess, objective, random, noise);
      }
      int begun = Arrays.stream(drawings.timesteps(objective)).boxed().toList().indexOf(999);
      assertEquals(
          0,
          drawings.latents().select(0, begun).mean().item_double(),
          0.1,
          "and begins from noise alone");
      assertEquals(DRAWN, drawings.tokens().size(0));
    }
  }

  @Test
  void someOfTheNoiseStaysAsTcdKeepsIt(@TempDir Path folder) {
    DiffusionObjective objective = objective();
    try (TensorScope scope = TensorScope.open();
        LatentSet data = NoiseLatents.of(folder, 6);
        NoiseSource noise = NoiseSource.seeded(1);
        SamplePool drawings = new SamplePool(data, new PortraitRenders(1), DRAWN)) {
      drawings.restart(new Random(1), noise);
      Tensor nothing = torch.zeros(DRAWN, 8, 32, 32);
      Tensor before = drawings.latents().select(0, DRAWN - 1).clone();
      drawings.advance(nothing, objective, new Random(1), noise);
      Tensor after = drawings.latents().select(0, DRAWN - 1);
      int next = drawings.timesteps(objective)[DRAWN - 1];
      NoiseLevel below = objective.schedule().level((int) (next * 0.7));
      // Guessed to be nothing, x is all noise, and what stays of it is what is noised up from
      // below.
      double stays = objective.schedule().level(next).alpha() / below.alpha() * below.sigma();
      assertEquals(
          stays, before.mul(after).mean().item_double(), 0.03, "of the noise at 999 at " + next);
      assertEquals(
          objective.schedule().level(next).sigma(),
          after.square().mean().sqrt().item_double(),
          0.03,
          "no more and no less of it");
    }
  }

  private static Map<Attribute, Tensor> scores(String freckles) {
    Map<Attribute, Tensor> scores = new LinkedHashMap<>();
    scores.put(Attribute.STYLE, twice(sure(Attribute.STYLE, "studio portrait")));
    scores.put(Attribute.SEX, twice(sure(Attribute.SEX, "woman")));
    scores.put(Attribute.FRECKLES, twice(sure(Attribute.FRECKLES, freckles)));
    return scores;
  }

  private static Tensor sure(Attribute attribute, String word) {
    float[] row = new float[attribute.words().size()];
    row[attribute.words().indexOf(word)] = SURE;
    return torch.tensor(row).view(1, -1);
  }

  private static Tensor twice(Tensor row) {
    return row.expand(2, -1);
  }

  static DiffusionObjective objective() {
    SchedulerConfig scheduler = SchedulerConfig.of(Architecture.scheduler());
    return new DiffusionObjective(scheduler.noiseSchedule(), scheduler.prediction(), 0);
  }
}
