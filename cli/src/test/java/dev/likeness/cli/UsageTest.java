package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageTest {
  @TempDir
  private Path folder;

  @Test
  void namesTheMissingOptions() {
    assertWrong(
        "Missing required options: '--prompt=TEXT', '--out=DIR' (try ./likeness generate --help)",
        "generate");
    assertWrong(
        "no subcommand given; give one of headshot, edit, generate, studio, photos, train,"
            + " lora, inspect, convert, calibrate, models, people, purge, verify, doctor (try ./likeness --help)");
    assertWrong(
        "no subcommand given; give one of list, show, erase (try ./likeness people --help)",
        "people");
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
    assertWrong(
        "unknown style \"noir\"; closest: ceo, actor, colour; docs/reference/styles.md lists all",
        "headshot",
        "--person",
        "x",
        "--style",
        "noir",
        "--out",
        "x");
    assertWrong(
        "Invalid value for option '--lora' (FILE[@WEIGHT[:BLOCKS]]): \"much\" is not a number; give FILE@WEIGHT with a "
            + "number such as 0.8 (try ./likeness generate --help)",
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
        "give either --out FILE or --store DIR (try ./likeness train --help)",
        "train",
        "--photos",
        "x",
        "--preset",
        "quick");
    assertWrong(
        "give either LoRA files or --extract TUNED-BASE (try ./likeness lora --help)",
        "lora",
        "--key-format",
        "kohya",
        "--out",
        "x");
  }

  @Test
  void refusesOptionsThatWouldDoNothing() {
    for (String option : List.of(
        "--control-mode=1", "--preview-every=2", "--hires-pixels", "--degraded-guidance-scale=3")) {
      CommandResult run = CommandResult.of("generate", "--prompt", "x", "--out", "x", option);
      assertTrue(
          run.status() == 2
              && run.err().contains(option.split("=")[0] + " does nothing without --"),
          run.err());
    }
  }

  /** A file of arguments would bring options of its own. */
  @Test
  void readsNoArgumentsFromFiles() throws IOException {
    Path arguments = Files.writeString(folder.resolve("prompt.txt"), "a dog --seed 7 --version");
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        TinyBase.in(folder).toString(),
        "--prompt",
        "@" + arguments,
        "--steps",
        "1",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    String record = Files.readString(out.resolve("images.json"));
    assertTrue(record.contains("\"prompt\" : \"@" + arguments), record);
    assertWrong(
        "unknown command \"@" + arguments
            + "\"; known: headshot, edit, generate, studio, photos, train, lora, inspect, convert,"
            + " calibrate, models, people, purge, verify, doctor (try ./likeness --help)",
        "@" + arguments);
    for (String command : List.of("headshot", "photos", "inspect", "verify", "people")) {
      CommandResult other = CommandResult.of(command, "@" + arguments);
      assertTrue(other.status() >= 2, command);
      assertFalse(other.out().contains("likeness 0."), other.out());
    }
  }

  @Test
  void explainsValuesThatAreNone() {
    for (String[] each : new String[][] {
      {"--original-size=64", "'64' is not a size, such as 1024x768 (width, height)"},
      {"--target-size=0x64", "'0x64' is not a size of at least 1x1"},
      {
        "--crop-top-left=3",
        "'3' is not a corner, such as 0,64 (rows at the top, columns at the left)"
      },
      {
        "--max-sequence-length=0",
        "--max-sequence-length must be a whole number from 1 to 32768, got 0"
      },
      {"--scheduler-option=betas", "should be in KEY=VALUE format but was betas"},
      {
        "--scheduler-option=trained_betas=[1,x]",
        "--scheduler-option trained_betas has a list with values that are not numbers; write it"
            + " as [1,2]"
      },
      {"--eta=NaN", "--eta must be a number from 0 to 1, got NaN"}
    }) {
      CommandResult run = CommandResult.of("generate", "--prompt", "x", "--out", "x", each[0]);
      assertTrue(
          run.status() == 2 && run.errorLines().size() == 1 && run.err().contains(each[1]),
          run.err());
    }
  }

  @Test
  void refusesARefinerThatCannotContinue() {
    Path base = TinyBase.in(folder);
    String out = folder.resolve("out").toString();
    Path missing = folder.resolve("nowhere");
    for (String[] each : new String[][] {
      {"3", missing + " does not exist", "--refiner=" + missing},
      {
        "2",
        "with --refiner, --denoising-end must be above",
        "--refiner=" + base,
        "--denoising-end=1"
      },
      {"2", "--refiner excludes --mask", "--refiner=" + base, "--hires=1.5"},
      {
        "2",
        "does not support aesthetic_score; leave it out, because only a refiner",
        "--aesthetic-score=7"
      },
      {"2", "does not support size conditioning", "--original-size=64x64"},
      {"2", "does not support prompt_2", "--prompt-2=x"},
      {"2", "a denoising start of 0.5 needs latents", "--denoising-start=0.5"}
    }) {
      List<String> args = new ArrayList<>(List.of(
          "generate", "--base", base.toString(), "--prompt", "x", "--steps", "2", "--out", out));
      args.addAll(List.of(each).subList(2, each.length));
      CommandResult run = CommandResult.of(args.toArray(String[]::new));
      assertEquals(each[0], String.valueOf(run.status()), run.err());
      assertTrue(
          run.errorLines().size() == 1 && run.errorLines().get(0).contains(each[1]), run.err());
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
        "give either --photos PHOTO|DIR or --person FILE (try ./likeness headshot --help)",
        "headshot",
        "--out",
        "x");
    assertWrong(
        "give either --photos PHOTO|DIR or --person FILE (try ./likeness headshot --help)",
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
    String told = "give either OUT or --to OUT (try ./likeness convert --help)";
    assertWrong(told, "convert", "x");
    assertWrong(told, "convert", "x", "y", "--to", "z");
    assertWrong(
        "--dtype i32 is not a floating-point type; known: f32, f16, bf16, f8_e4m3, f8_e5m2",
        "convert",
        "x",
        "y",
        "--dtype",
        "i32");
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
        help.out().contains("Exit status: 0 done, 1 defect of the command, 2 wrong usage"),
        help.out());
  }

  private static void assertWrong(String complaint, String... args) {
    CommandResult run = CommandResult.of(args);
    assertEquals(2, run.status(), run.err());
    assertEquals(List.of(complaint), run.errorLines());
  }
}
