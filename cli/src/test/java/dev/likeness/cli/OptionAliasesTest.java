package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class OptionAliasesTest {
  private final CommandLine line = CommandSyntax.commandLine();

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
          generate --negative-prompt x --guidance-scale=3 | generate --negative x --guidance=3
          generate --cfg-scale 3 --num-inference-steps 20 | generate --guidance 3 --steps 20
          generate --sampler Euler --model a --batch-size 2 | generate --scheduler Euler --base a --count 2
          generate --face-embedder a --reference-size 64 | generate --adapter-embedder a --image-size 64
          generate --detector a --component vae=b | generate --face-detector a --part vae=b
          headshot --face-detector a --quality b | headshot --detector a --face-quality b
          headshot --reference-size 64 --face-embedder a | headshot --reference-size 64 --adapter-embedder a
          edit a.png --words x --denoising-strength 1 | edit a.png --prompt x --strength 1
          photos a --quality b --detector c | photos a --face-quality b --detector c
          people show ID --store a | people show ID --store a
          """)
  void takesFormerNamesAndThoseOfOtherPrograms(String given, String own) {
    assertArrayEquals(own.split(" "), OptionAliases.resolve(line, given.split(" ")));
  }

  @Test
  void leavesValuesAsTheyAre() {
    for (String[] args : List.of(
        new String[] {"generate", "--prompt", "--cfg-scale", "--out", "--sampler"},
        new String[] {"generate", "--prompt=--cfg-scale=3"},
        new String[] {"photos", "--", "--quality"},
        new String[] {"--cfg-scale", "generate"},
        new String[] {"generate", "--unknown", "1"})) {
      assertArrayEquals(args, OptionAliases.resolve(line, args), Arrays.toString(args));
    }
  }

  @Test
  void everyAliasStandsForAnOptionAndNoHelpListsIt() {
    for (Map.Entry<String, List<String>> alias : OptionAliases.ALIASES.entrySet()) {
      boolean isUsed = line.getSubcommands().values().stream()
          .map(CommandLine::getCommandSpec)
          .anyMatch(command -> command.findOption(alias.getKey()) == null
              && alias.getValue().stream().anyMatch(own -> command.findOption(own) != null));
      assertTrue(isUsed, alias.getKey());
    }
    String help = CommandResult.of("generate", "--help-all").out();
    for (String alias : List.of("--negative-prompt", "--cfg-scale", "--face-embedder")) {
      assertFalse(help.contains(alias + "="), alias);
    }
  }

  /** The options that programs of users rely on. */
  @Test
  void keepsTheNamesThatAreFixed() {
    Map<String, String> fixed = Map.of(
        "generate",
        "--base --prompt --negative --steps --guidance --seed --count --width --height --dtype"
            + " --device --memory --scheduler --lora --embedding --ip-adapter --image-encoder"
            + " --reference --image --init --strength --mask --controlnet --control-image --part"
            + " --tensors --out",
        "train",
        "--photos --consent --rank --base --out",
        "headshot",
        "--photos --consent --person --style --aspect --out",
        "photos",
        "--detector --embedder --sheet --json");
    fixed.forEach((command, options) -> {
      for (String option : options.split(" ")) {
        OptionSpec spec = line.getSubcommands().get(command).getCommandSpec().findOption(option);
        assertTrue(spec != null && !spec.hidden(), command + " " + option);
        assertEquals(option, spec.names()[0]);
      }
    });
  }
}
