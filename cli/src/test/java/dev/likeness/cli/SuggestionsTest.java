package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user hears of a name that is nearly right. */
class SuggestionsTest {
  @TempDir
  private Path folder;

  @AfterEach
  void clear() {
    System.clearProperty("likeness.command");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      headshots --photos x | unknown command "headshots"; closest: headshot (try ./likeness --help)
      models gte | unknown command "gte"; closest: get (try ./likeness models --help)
      people xyz | unknown command "xyz"; known: list, show, erase (try ./likeness people --help)
      generate --promt x | unknown option "--promt"; closest: --prompt, --prompt-2, --prompt-3 (try ./likeness generate --help)
      train --photos x --consnt y --out z | unknown option "--consnt"; closest: --consent, --consent-by, --consent-for (try ./likeness train --help)
      verify a --qqqq | unknown option "--qqqq" (try ./likeness verify --help)
      generate --prompt a dog --out z | unexpected argument "dog"; quote a value that has spaces, and give each value behind its option (try ./likeness generate --help)
      train --network-dim 8 --rank 4 | --rank is given more than once (its other names: --network-dim); give it once (try ./likeness train --help)
      generate --cfg 3 --guidance 4 | --guidance is given more than once (its other names: --guidance-scale, --cfg-scale, --cfg); give it once (try ./likeness generate --help)
      """)
  void namesTheClosest(String line, String message) {
    CommandResult run = CommandResult.of(line.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals(List.of(message), run.errorLines());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      models get sd51 | the catalogue has no model "sd51"; closest: sd15, sd21, sdxl; ./likeness models list shows its names, and owner/name gets any repository
      models get qqqqqqq | the catalogue has no model "qqqqqqq"; ./likeness models list shows its names, and owner/name gets any repository
      headshot --base sd1.5 --photos PHOTOS --consent x --out OUT | sd1.5 does not exist; closest: sd15; give a diffusers folder or a checkpoint file, or a name of ./likeness models list
      train --base portait --photos PHOTOS --consent x --out OUT | portait does not exist; closest: portrait; give a diffusers folder or a checkpoint file, or a name of ./likeness models list
      photos FOLDER/photos --detector yunnet | --detector yunnet does not exist; closest: yunet; give a file, or a name of ./likeness models list
      headshot --person person.safetensor --out OUT | --person FOLDER/person.safetensor does not exist; closest: person.safetensors; give a file that headshot or train wrote, such as person.safetensors
      edit FOLDER/a.png --smile --person FOLDER/a.png --out OUT | --person FOLDER/a.png is an image, not a person's file; give a file that headshot or train wrote, such as person.safetensors, or photos with --photos
      headshot --person FOLDER --out OUT | --person FOLDER is a folder; give the file FOLDER/person.safetensors
      verify FOLDER/b.json | FOLDER/b.json does not exist; give a PNG, JPEG or WebP image, or an erasure receipt
      """)
  void namesTheClosestModelOrFile(String line, String message) throws IOException {
    Files.createFile(folder.resolve("person.safetensors"));
    // Photos that nobody can read: the base is checked before them.
    Files.createDirectories(folder.resolve("photos"));
    Files.createFile(folder.resolve("photos/a.jpg"));
    Files.write(
        folder.resolve("a.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    String[] words = line.replace("person.safetensor ", "FOLDER/person.safetensor ")
        .replace("PHOTOS", "FOLDER/photos")
        .replace("OUT", "FOLDER/out")
        .replace("FOLDER", folder.toString())
        .split(" ");
    CommandResult run = CommandResult.of(words);
    assertEquals(3, run.status(), run.err());
    assertEquals(List.of(message.replace("FOLDER", folder.toString())), run.errorLines());
  }

  @Test
  void refusesWebAddresses() {
    CommandResult run = CommandResult.of("models", "remove", "https://huggingface.co/ada/a");
    assertEquals(2, run.status(), run.err());
    assertEquals(
        List.of("\"https://huggingface.co/ada/a\" is a web address; give"
            + " owner/name[@revision][:file] of the hub"),
        run.errorLines());
  }

  /** A command on the PATH is not in the folder, and a path may have spaces. */
  @Test
  void printsCommandsAsTheLauncherWasCalled() {
    for (String[] each : new String[][] {
      {"likeness", "likeness models list"},
      {"/opt/my tools/likeness", "'/opt/my tools/likeness' models list"},
      {"it's/likeness", "'it'\\''s/likeness' models list"}
    }) {
      System.setProperty("likeness.command", each[0]);
      CommandResult run = CommandResult.of("models", "get", "qqqqqqq");
      assertTrue(run.err().contains("; " + each[1] + " shows its names"), run.err());
    }
  }

  @Test
  void showsTheHelpIfNoSubcommandIsGiven() {
    for (String command : List.of("", "models", "people")) {
      CommandResult run = CommandResult.of(command.isEmpty() ? new String[0] : command.split(" "));
      assertEquals(2, run.status());
      assertTrue(run.err().startsWith("Usage: likeness "), run.err());
      assertTrue(
          run.errorLines().get(0).startsWith("no subcommand given; give one of "), run.err());
    }
    for (String command : List.of("--help-all", "models --help-all", "models list --help-all")) {
      CommandResult run = CommandResult.of(command.split(" "));
      assertEquals(0, run.status(), run.err());
      assertTrue(run.out().startsWith("Usage: likeness "), run.out());
    }
  }
}
