package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.LikenessCommand.GroupedOptions;
import dev.likeness.cli.console.OptionName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class HelpGroupsTest {
  private static final int MAX_EXAMPLE = 76;
  private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|\\S+");
  private static final Pattern HEADING = Pattern.compile("(?m)^([A-Z][A-Za-z ,]*):$");

  @Test
  void groupsTheOptionsOfGenerateWithCommonOnesFirst() {
    String help = CommandResult.of("generate", "--help-all").out();
    List<String> headings =
        HEADING.matcher(help).results().map(found -> found.group(1)).toList();
    assertEquals(
        List.of(
            "Common options",
            "Prompts",
            "Base model and device",
            "Speed and memory",
            "Sampling",
            "Guidance",
            "Initial image, images to edit",
            "Size conditioning and refiner",
            "Reference images",
            "Face guidance",
            "ControlNets",
            "Output",
            "Help",
            "Examples"),
        headings);
    int common = help.indexOf("Common options:");
    assertTrue(help.indexOf("--prompt=TEXT", common) < help.indexOf("--out=DIR", common), help);
    assertTrue(help.indexOf("--out=DIR", common) < help.indexOf("Prompts:"), help);
  }

  @Test
  void listsEveryOptionOnceUnderAHeading() {
    for (CommandSpec command : commands(CommandSyntax.commandLine())) {
      List<OptionSpec> listed =
          GroupedOptions.groups(command).values().stream().flatMap(List::stream).toList();
      assertEquals(
          command.options().stream().filter(option -> !option.hidden()).count(),
          listed.size(),
          command.qualifiedName());
      assertEquals(listed.size(), listed.stream().distinct().count(), command.qualifiedName());
      String help = help(command, listed.size() > 10 ? "--help-all" : "--help");
      assertTrue(listed.stream().allMatch(option -> help.contains(nameInHelp(option))), help);
      assertFalse(help.contains(GroupedOptions.OTHERS), help);
    }
  }

  private static String nameInHelp(OptionSpec option) {
    String name = OptionName.of(option);
    return option.negatable() ? name.replaceFirst("^--", "--[no-]") : name;
  }

  @Test
  void showsCommonOptionsFirstAndTheOthersOnRequest() {
    String help = CommandResult.of("generate", "--help").out();
    List<String> headings =
        HEADING.matcher(help).results().map(found -> found.group(1)).toList();
    assertEquals(List.of("Common options", "Help", "Examples"), headings);
    for (String common : List.of("--prompt=TEXT", "--steps=N", "--out=DIR", "--help-all")) {
      assertTrue(help.contains(common), help);
    }
    assertFalse(help.contains("--freeu"), help);
    assertTrue(
        Pattern.compile("(?m)^[0-9]+ more options: ./likeness generate --help-all$")
            .matcher(help)
            .find(),
        help);
    String all = CommandResult.of("generate", "--help-all").out();
    assertTrue(all.contains("--freeu") && all.contains("--deep-cache"), all);
    assertFalse(all.contains("--caching=") || all.contains("more options:"), all);
  }

  @Test
  void endsWithTwoExamplesThatParse() {
    for (CommandSpec command : commands(CommandSyntax.commandLine())) {
      String words = command.qualifiedName().replaceFirst("^likeness ?", "");
      if (words.isEmpty()) {
        continue;
      }
      String help = help(command, "--help");
      int at = help.indexOf("Examples:\n");
      assertTrue(at > 0, help);
      // A longer line would be wrapped, and could not be pasted.
      assertTrue(
          help.substring(at).lines().allMatch(line -> line.length() <= MAX_EXAMPLE),
          help.substring(at));
      String[] examples = help.substring(at + "Examples:\n".length())
          .replaceAll("\\\\\n +", "")
          .strip()
          .split("\n +");
      assertEquals(2, examples.length, help);
      for (String example : examples) {
        String line = example.replaceFirst("^\\./likeness ", "").replaceFirst(" > \\S+$", "");
        assertTrue(line.startsWith(words), example);
        assertTrue(example.length() < 300, example);
        assertEquals(Optional.empty(), CommandSyntax.refusal(words(line)), example);
      }
    }
  }

  private static String[] words(String line) {
    return WORD.matcher(line)
        .results()
        .map(word -> word.group().replace("\"", ""))
        .toArray(String[]::new);
  }

  private static String help(CommandSpec command, String option) {
    String words = command.qualifiedName().replaceFirst("^likeness ?", "") + " " + option;
    return CommandResult.of(words.strip().split(" ")).out();
  }

  private static List<CommandSpec> commands(CommandLine line) {
    List<CommandSpec> all = new ArrayList<>(List.of(line.getCommandSpec()));
    line.getSubcommands().values().forEach(each -> all.addAll(commands(each)));
    return all;
  }
}
