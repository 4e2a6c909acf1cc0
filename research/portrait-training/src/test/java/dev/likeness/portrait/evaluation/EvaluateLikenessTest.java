package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.training.Named;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateLikenessTest {
  private static final LikenessPlan PLAN = new LikenessPlan(1, 1, 1, 2, true);
  private static final LikenessCase WHOLE =
      new LikenessCase("whole", LikenessCase.Way.DREAMBOOTH, 3, false, true, 0, 1e-2);
  private static final LikenessCase LORA =
      new LikenessCase("lora", LikenessCase.Way.LORA, 3, true, false, 0, 0);
  private static final List<LikenessCase> CASES = List.of(LikenessCase.CONTROL, WHOLE, LORA);
  private static final EvaluationTools TOOLS = new EvaluationTools(
      Optional.empty(), Optional.of(new Middle()), Optional.of(new ByPixels(4, 0)));

  /** Finds a face in the middle of every image. */
  private record Middle() implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage image) {
      double side = image.width() / 2.0;
      return List.of(new Face(
          new BoundingBox(side / 2, side / 2, side, side),
          1,
          HeadPose.FRONTAL,
          Optional.empty(),
          Optional.empty()));
    }

    @Override
    public String name() {
      return "for a test";
    }

    @Override
    public void close() {}
  }

  @Test
  void comparesWhatIsLearntWithTheControlAndGoesOn(@TempDir Path work) throws Exception {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.EXACT);
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, new Middle()).orElseThrow()) {
      LikenessTrial trial =
          new LikenessTrial(base, PortraitModel.files(), PLAN, Optional.of(guidance));
      Person person = Person.random(9_100_000_000L);
      EvaluateLikeness first = new EvaluateLikeness(trial, TOOLS, work, "haar");
      first.measure(person, CASES);
      Map<String, Object> parts =
          Ledger.open(work.resolve(EvaluateLikeness.RESULTS)).parts();
      Map<?, ?> control = (Map<?, ?>) parts.get(person.seed() + ", control");
      assertEquals(1.0, control.get("diversity over the base's"));
      assertEquals(control.get("control's"), control.get("to nearest selfie"));
      assertEquals(1, (double) control.get("others' likeness to themselves"), 1e-6);
      Map<?, ?> whole = (Map<?, ?>) parts.get(person.seed() + ", whole");
      assertTrue((double) whole.get("others' likeness to themselves") < 1 - 1e-4, whole.toString());
      Map<?, ?> lora = (Map<?, ?>) parts.get(person.seed() + ", lora");
      assertNotEquals(control.get("likeness"), lora.get("likeness"), "they are drawn by the LoRA");
      assertTrue((double) lora.get("others' likeness to themselves") < 1, lora.toString());
      assertEquals(
          unseenRecognised(person, trial),
          control.get("unseen selfies recognised"),
          "what the judge can do");
      assertTrue((double) whole.get("unseen selfies'") > 5, "other selfies are others: " + whole);
      assertFalse(
          Files.exists(work.resolve(person.seed() + "/whole")), "a model is not left behind");
      String table = first.table(CASES);
      assertTrue(table.contains("| whole | 1 |"), table);
      EvaluateLikeness again = new EvaluateLikeness(trial, TOOLS, work, "haar");
      again.measure(person, CASES);
      assertEquals(table, again.table(CASES), "seconds too: nothing is measured twice");
      LikenessTrial other = new LikenessTrial(
          base, PortraitModel.files(), new LikenessPlan(2, 1, 1, 2, true), Optional.empty());
      assertThrows(
          InvalidInputException.class, () -> new EvaluateLikeness(other, TOOLS, work, "haar"));
    }
  }

  private static double unseenRecognised(Person person, LikenessTrial trial) {
    Gallery gallery = new Gallery(person, PLAN.gallery(), 4, new Middle(), new ByPixels(4, 0));
    return trial.crops(new LikenessSelfies(person, new Middle()).unseen(4)).stream()
            .filter(selfie -> gallery.recognises(gallery.vector(selfie).orElseThrow()))
            .count()
        / 4.0;
  }

  @Test
  void choosesCasesByName() {
    Set<String> numbers = LikenessPlan.NAMES;
    Named some = EvaluationTools.named(new String[] {"cases=.*alike|6 selfies"}, 0, numbers);
    assertEquals(
        List.of("control", "6 selfies", "30 nearly alike"),
        LikenessPlan.cases(some).stream().map(LikenessCase::name).toList());
    assertEquals(
        LikenessCase.ALL, LikenessPlan.cases(EvaluationTools.named(new String[0], 0, numbers)));
    assertThrows(
        IllegalArgumentException.class,
        () -> EvaluationTools.named(new String[] {"case=x"}, 0, numbers));
  }

  @Test
  void callsOnlyThoseByARareWordWhoseClassIsPreserved() {
    LikenessTrial trial = new LikenessTrial(null, null, PLAN, Optional.empty());
    Person person = Person.random(9_100_000_000L);
    assertTrue(trial.asks(person, WHOLE).stream()
        .allMatch(request -> request.prompt().contains("a sks ")));
    assertTrue(trial.asks(person, LikenessCase.CONTROL).stream()
        .noneMatch(request -> request.prompt().contains("sks")));
    assertTrue(
        LikenessCase.ALL.stream().allMatch(asked -> asked.classImages() == 0 || asked.named()),
        "one caption cannot mean the person and everybody else");
  }
}
