package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.LikenessCommand.GroupedOptions;
import dev.likeness.cli.console.OptionName;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class HelpGroupsTest {
  private static final Pattern HEADING = Pattern.compile("(?m)^([A-Z][A-Za-z ,]*):$");

  @Test
  void groupsTheOptionsOfGenerateWithCommonOnesFirst() {
    String help = CommandResult.of("generate", "--help").out();
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
            "Help"),
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
      assertEquals(command.options().size(), listed.size(), command.qualifiedName());
      assertEquals(listed.size(), listed.stream().distinct().count(), command.qualifiedName());
      String words = command.qualifiedName().replaceFirst("^likeness ?", "") + " --help";
      String help = CommandResult.of(words.strip().split(" ")).out();
      assertTrue(listed.stream().allMatch(option -> help.contains(nameInHelp(option))), help);
      assertFalse(help.contains(GroupedOptions.OTHERS), help);
    }
  }

  private static String nameInHelp(OptionSpec option) {
    String name = OptionName.of(option);
    return option.negatable() ? name.replaceFirst("^--", "--[no-]") : name;
  }

  private static List<CommandSpec> commands(CommandLine line) {
    List<CommandSpec> all = new ArrayList<>(List.of(line.getCommandSpec()));
    line.getSubcommands().values().forEach(each -> all.addAll(commands(each)));
    return all;
  }
}
