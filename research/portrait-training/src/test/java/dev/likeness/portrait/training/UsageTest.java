package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.evaluation.EvaluateAdapter;
import dev.likeness.portrait.evaluation.EvaluateHeadshots;
import dev.likeness.portrait.evaluation.EvaluateLikeness;
import dev.likeness.portrait.evaluation.EvaluateProfiles;
import dev.likeness.portrait.evaluation.EvaluateSize;
import dev.likeness.portrait.evaluation.GradeScores;
import dev.likeness.portrait.evaluation.MeasureDial;
import dev.likeness.portrait.evaluation.MeasureLimits;
import dev.likeness.portrait.making.MakePortrait;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UsageTest {
  private interface Program {
    void run(String... args) throws Exception;
  }

  private static final Map<Class<?>, Program> PROGRAMS = Map.ofEntries(
      Map.entry(EvaluateAdapter.class, EvaluateAdapter::main),
      Map.entry(EvaluateHeadshots.class, EvaluateHeadshots::main),
      Map.entry(EvaluateLikeness.class, EvaluateLikeness::main),
      Map.entry(EvaluateProfiles.class, EvaluateProfiles::main),
      Map.entry(EvaluateSize.class, EvaluateSize::main),
      Map.entry(GradeScores.class, GradeScores::main),
      Map.entry(MakePortrait.class, MakePortrait::main),
      Map.entry(MeasureDial.class, MeasureDial::main),
      Map.entry(MeasureLimits.class, MeasureLimits::main),
      Map.entry(MixPortrait.class, MixPortrait::main),
      Map.entry(PromptSheet.class, PromptSheet::main),
      Map.entry(TrainAttributes.class, TrainAttributes::main),
      Map.entry(TrainEmbedder.class, TrainEmbedder::main),
      Map.entry(TrainGaze.class, TrainGaze::main),
      Map.entry(TrainPairs.class, TrainPairs::main),
      Map.entry(TrainParts.class, TrainParts::main),
      Map.entry(TrainCaptioner.class, TrainCaptioner::main),
      Map.entry(TrainPortrait.class, TrainPortrait::main));

  @Test
  void everyProgramSaysHowItIsCalled() {
    PROGRAMS.forEach((program, main) -> assertTrue(
        assertThrows(IllegalArgumentException.class, main::run)
            .getMessage()
            .startsWith("usage: " + program.getSimpleName() + " "),
        program.getSimpleName()));
  }

  @Test
  void tooManyAreRefusedWhereNoneHasAName() {
    Usage.require(new String[2], 1, 2, "Program ONE [TWO]");
    Usage.require(new String[9], 1, "Program ONE [NAME=VALUE]...");
    assertEquals(
        "usage: Program ONE [TWO]",
        assertThrows(
                IllegalArgumentException.class,
                () -> Usage.require(new String[3], 1, 2, "Program ONE [TWO]"))
            .getMessage());
  }
}
