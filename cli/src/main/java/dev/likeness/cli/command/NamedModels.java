package dev.likeness.cli.command;

import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.embed.UsePolicy;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Replaces the names of models in a command line by their files on this machine, so that every
 * option with a {@link ModelFile} takes what {@code --base} takes.
 */
public final class NamedModels {
  private NamedModels() {}

  /**
   * Replaces the names.
   *
   * @throws IllegalArgumentException if a name of the catalogue is that of a model of another role
   * @throws dev.likeness.diffusion.error.InvalidInputException if a model is not on this machine;
   *     the message has the command that gets it
   */
  public static void resolve(ParseResult parsed) {
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      UsePolicy policy = UsePolicy.of(at.hasMatchedOption(CommercialOption.NAME));
      for (OptionSpec option : at.matchedOptions()) {
        if (option.userObject() instanceof AnnotatedElement member
            && member.isAnnotationPresent(ModelFile.class)) {
          Role[] roles = member.getAnnotation(ModelFile.class).value();
          option.setValue(resolved(
              option.getValue(), new Asked(OptionName.of(option), List.of(roles), policy)));
        }
      }
    }
  }

  /** An option, the roles of models that fit it, and the accepted licences. */
  private record Asked(String option, List<Role> roles, UsePolicy policy) {}

  private static Object resolved(Object value, Asked asked) {
    if (value instanceof Path path) {
      return path(path, asked);
    }
    if (value instanceof WeightedFile weighted) {
      return new WeightedFile(path(weighted.file(), asked), weighted.weight(), weighted.blocks());
    }
    if (value instanceof List<?> all) {
      return all.stream().map(each -> resolved(each, asked)).toList();
    }
    if (value instanceof Map<?, ?> named) {
      Map<Object, Object> paths = new LinkedHashMap<>();
      named.forEach((key, each) -> paths.put(key, resolved(each, asked)));
      return paths;
    }
    return value;
  }

  private static Path path(Path given, Asked asked) {
    String option = asked.option();
    List<Role> roles = asked.roles();
    String name = given.toString();
    if (name.isBlank() || Files.exists(given)) {
      return given;
    }
    CatalogueName.of(name)
        .map(CatalogueName::model)
        .filter(model -> !roles.contains(model.role()))
        .ifPresent(model -> {
          throw new IllegalArgumentException(option + " " + name + " is " + named(model.role())
              + " of the catalogue; " + expected(roles));
        });
    CatalogueName.of(name).map(CatalogueName::model).ifPresent(asked.policy()::require);
    Path found = ModelPlaces.find(name);
    if (!Files.exists(found) && given.getNameCount() == 1) {
      String closest = ModelPlaces.closest(
          name,
          roles.stream()
              .flatMap(role -> ModelCatalogue.builtIn().models(role).stream())
              .map(CatalogueModel::name));
      if (!closest.isEmpty()) {
        throw new InvalidInputException(option + " " + Quoted.value(name) + " does not exist; "
            + closest + "; give a file, or a name of " + TypedCommand.of("models list"));
      }
    }
    return found;
  }

  private static String named(Role role) {
    String label = role.label();
    return ("aeiou".indexOf(label.charAt(0)) < 0 ? "a " : "an ") + label;
  }

  private static String expected(List<Role> roles) {
    String fitting = roles.stream()
        .flatMap(role -> ModelCatalogue.builtIn().models(role).stream())
        .map(CatalogueModel::name)
        .collect(Collectors.joining(", "));
    return fitting.isEmpty()
        ? "the catalogue has no model for this option: give a file"
        : "give a file, or one of " + fitting;
  }
}
