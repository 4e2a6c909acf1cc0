package dev.likeness.cli;

import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.console.UnknownArgument;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;

/**
 * Other names of options: the names of earlier versions, and those of diffusers and of the web UIs.
 * A command accepts them like its own names. The help does not list them, and messages and records
 * have the own names.
 */
final class OptionAliases {
  /** The options that a name may stand for; a command takes the first that it has. */
  static final Map<String, List<String>> ALIASES = aliases();

  private OptionAliases() {}

  private static Map<String, List<String>> aliases() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    // Names of earlier versions, which could be confused with other options.
    all.put("--face-embedder", List.of("--adapter-embedder"));
    all.put("--reference-size", List.of("--image-size"));
    all.put("--quality", List.of("--face-quality"));
    all.put("--words", List.of("--prompt"));
    // One option, two commands.
    all.put("--detector", List.of("--face-detector"));
    all.put("--face-detector", List.of("--detector"));
    all.put("--component", List.of("--part"));
    // diffusers.
    all.put("--negative-prompt", List.of("--negative"));
    all.put("--negative-prompt-2", List.of("--negative-2"));
    all.put("--negative-prompt-3", List.of("--negative-3"));
    all.put("--guidance-scale", List.of("--guidance"));
    all.put("--true-cfg-scale", List.of("--true-cfg"));
    all.put("--num-inference-steps", List.of("--steps"));
    all.put("--num-images-per-prompt", List.of("--count"));
    all.put("--mask-image", List.of("--mask"));
    all.put("--controlnet-conditioning-scale", List.of("--control-scale"));
    all.put("--control-guidance-start", List.of("--control-start"));
    all.put("--control-guidance-end", List.of("--control-end"));
    all.put("--ip-adapter-image", List.of("--reference"));
    all.put("--pretrained-model-name-or-path", List.of("--base"));
    all.put("--torch-dtype", List.of("--dtype"));
    all.put("--output-dir", List.of("--out"));
    // The web UIs.
    all.put("--cfg-scale", List.of("--guidance"));
    all.put("--cfg", List.of("--guidance"));
    all.put("--sampler", List.of("--scheduler"));
    all.put("--sampler-name", List.of("--scheduler"));
    all.put("--denoising-strength", List.of("--strength"));
    all.put("--batch-size", List.of("--count"));
    all.put("--checkpoint", List.of("--base"));
    all.put("--ckpt", List.of("--base"));
    all.put("--model", List.of("--base"));
    return all;
  }

  /**
   * Returns the arguments with the own name of each option. A value keeps its text, also if it
   * looks like an option.
   */
  static String[] resolve(CommandLine root, String... args) {
    String[] own = args.clone();
    forEachOption(root, own, (command, i) -> {
      String name = name(own[i]);
      own[i] = find(command.getCommandSpec(), name).orElse(name) + own[i].substring(name.length());
      return true;
    });
    return own;
  }

  /**
   * Returns the error of the first option that its command does not have. An option with several
   * values would take it for one of them, and a missing option would be reported before it.
   *
   * @param own the arguments with the own name of each option
   */
  static Optional<ParameterException> findUnknown(CommandLine root, String... own) {
    List<ParameterException> unknown = new ArrayList<>();
    forEachOption(root, own, (command, i) -> {
      CommandSpec spec = command.getCommandSpec();
      String name = name(own[i]);
      if (spec.findOption(name) == null && !spec.negatedOptionsMap().containsKey(name)) {
        unknown.add(new ParameterException(command, UnknownArgument.option(spec, own[i])));
      }
      return unknown.isEmpty();
    });
    return unknown.stream().findFirst();
  }

  /** Explains that an option was given twice; empty if an error has another cause. */
  static Optional<String> explainRepeated(ParameterException wrong) {
    if (!(wrong instanceof OverwrittenOptionException twice)
        || !(twice.getOverwritten() instanceof OptionSpec option)) {
      return Optional.empty();
    }
    String own = OptionName.of(option);
    List<String> others = Stream.concat(
            Arrays.stream(option.names()).filter(name -> !name.equals(own)),
            ALIASES.entrySet().stream()
                .filter(alias -> find(option.command(), alias.getKey())
                    .filter(name -> name.equals(own))
                    .isPresent())
                .map(Map.Entry::getKey))
        .toList();
    return Optional.of(own + " is given more than once"
        + (others.isEmpty() ? "" : " (its other names: " + String.join(", ", others) + ")")
        + "; give it once");
  }

  /** A function of a command and the index of one of its options; false to end. */
  private interface OptionVisitor {
    boolean visit(CommandLine command, int index);
  }

  private static void forEachOption(CommandLine root, String[] args, OptionVisitor visitor) {
    CommandLine command = root;
    int from = 0;
    while (from < args.length && command.getSubcommands().containsKey(args[from])) {
      command = command.getSubcommands().get(args[from++]);
    }
    if (from < args.length
        && !args[from].startsWith("-")
        && !command.getSubcommands().isEmpty()) {
      return; // An unknown subcommand, whose options nobody knows.
    }
    boolean isValue = false;
    for (int i = from; i < args.length && !args[i].equals("--"); i++) {
      if (isValue || !args[i].startsWith("--")) {
        isValue = false;
        continue;
      }
      if (!visitor.visit(command, i)) {
        return;
      }
      OptionSpec option = command.getCommandSpec().findOption(name(args[i]));
      isValue = args[i].indexOf('=') < 0 && option != null && option.arity().min() > 0;
    }
  }

  private static String name(String argument) {
    int end = argument.indexOf('=');
    return end < 0 ? argument : argument.substring(0, end);
  }

  private static Optional<String> find(CommandSpec spec, String name) {
    return spec.findOption(name) != null
        ? Optional.empty()
        : ALIASES.getOrDefault(name, List.of()).stream()
            .filter(own -> spec.findOption(own) != null)
            .findFirst();
  }
}
