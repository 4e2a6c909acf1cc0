package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageTest {
  @TempDir
  private Path folder;

  @Test
  void namesTheMissingOptions() {
    assertWrong(
        "Missing required options: '--prompt=TEXT', '--out=DIR' (try likeness generate --help)",
        "generate");
    assertWrong("no subcommand given (try likeness --help)");
  }

  @Test
  void listsTheValuesOfAnOption() {
    assertWrong(
        "unknown device \"gpu\"; known: cpu, cuda, cuda:<index>",
        "generate",
        "--prompt",
        "x",
        "--out",
        "x",
        "--device",
        "gpu");
    assertWrong(
        "unknown dtype \"f64\"; known: f32, bf16, f16",
        "generate",
        "--prompt",
        "x",
        "--out",
        "x",
        "--device",
        "cpu",
        "--dtype",
        "f64");
    String styles = String.join(", ", Style.all().stream().map(Style::name).toList());
    assertWrong(
        "unknown style \"noir\"; known: " + styles,
        "headshot",
        "--person",
        "x",
        "--style",
        "noir",
        "--out",
        "x");
    assertWrong(
        "Invalid value for option '--lora' (FILE[@WEIGHT[:BLOCKS]]): \"much\" is not a number; give FILE@WEIGHT with a "
            + "number such as 0.8 (try likeness generate --help)",
        "generate",
        "--prompt",
        "x",
        "--out",
        "x",
        "--lora",
        "a@much");
  }

  @Test
  void acceptsNamesInAnyCase() {
    assertWrong(
        "give either --out FILE or --store DIR (try likeness train --help)",
        "train",
        "--photos",
        "x",
        "--recipe",
        "quick");
    assertWrong(
        "give either LoRA files or --extract TUNED-BASE (try likeness lora --help)",
        "lora",
        "--key-format",
        "kohya",
        "--out",
        "x");
  }

  @Test
  void refusesOptionsThatWouldDoNothing() {
    for (String option : List.of(
        "--control-mode=1",
        "--preview-every=2",
        "--hires-pixels",
        "--commercial",
        "--degraded-guidance-scale=3")) {
      CommandResult run = CommandResult.of("generate", "--prompt", "x", "--out", "x", option);
      assertTrue(
          run.status() == 2
              && run.err().contains(option.split("=")[0] + " does nothing without --"),
          run.err());
    }
  }

  @Test
  void refusesStepsGivenTwice() {
    String told = "--steps, --timesteps and --sigmas exclude each other; give one of them";
    assertWrong(
        told,
        "generate",
        "--prompt",
        "x",
        "--out",
        folder.resolve("out").toString(),
        "--steps",
        "4",
        "--timesteps",
        "999,499");
    assertWrong(
        told,
        "generate",
        "--prompt",
        "x",
        "--out",
        folder.resolve("out").toString(),
        "--sigmas",
        "14,0",
        "--timesteps",
        "999");
  }

  @Test
  void requiresEitherPhotosOrAPerson() {
    assertWrong(
        "give either --photos DIR or --person FILE (try likeness headshot --help)",
        "headshot",
        "--out",
        "x");
    assertWrong(
        "give either --photos DIR or --person FILE (try likeness headshot --help)",
        "headshot",
        "--photos",
        "x",
        "--person",
        "y",
        "--out",
        "x");
  }

  @Test
  void requiresOneOutputToConvertTo() {
    String told = "give either OUT or --to OUT (try likeness convert --help)";
    assertWrong(told, "convert", "x");
    assertWrong(told, "convert", "x", "y", "--to", "z");
  }

  @Test
  void prefixesNoStackTraceToAFolderThatIsNotThere() {
    Path missing = folder.resolve("nowhere");
    CommandResult run =
        CommandResult.of("generate", "--prompt", "x", "--base", missing.toString(), "--out", "x");
    assertEquals(3, run.status());
    assertEquals(
        List.of(missing + " does not exist; give a diffusers folder or a checkpoint file"),
        run.errorLines());
  }

  @Test
  void printsHelpAndVersion() {
    assertEquals(0, CommandResult.of("--version").status());
    CommandResult help = CommandResult.of("--help");
    assertEquals(0, help.status());
    assertTrue(
        help.out().contains("Exit status: 0 done, 2 wrong usage, 3 unusable input"), help.out());
  }

  private static void assertWrong(String complaint, String... args) {
    CommandResult run = CommandResult.of(args);
    assertEquals(2, run.status(), run.err());
    assertEquals(List.of(complaint), run.errorLines());
  }
}
