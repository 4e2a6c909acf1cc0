package dev.likeness.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

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
    CommandLine command = root;
    int from = 0;
    while (from < own.length && command.getSubcommands().containsKey(own[from])) {
      command = command.getSubcommands().get(own[from++]);
    }
    CommandSpec spec = command.getCommandSpec();
    boolean isValue = false;
    for (int i = from; i < own.length && !own[i].equals("--"); i++) {
      if (isValue || !own[i].startsWith("--")) {
        isValue = false;
        continue;
      }
      int end = own[i].indexOf('=');
      String name = end < 0 ? own[i] : own[i].substring(0, end);
      String given = find(spec, name).orElse(name);
      own[i] = given + own[i].substring(name.length());
      OptionSpec option = spec.findOption(given);
      isValue = end < 0 && option != null && option.arity().min() > 0;
    }
    return own;
  }

  private static Optional<String> find(CommandSpec spec, String name) {
    return spec.findOption(name) != null
        ? Optional.empty()
        : ALIASES.getOrDefault(name, List.of()).stream()
            .filter(own -> spec.findOption(own) != null)
            .findFirst();
  }
}
