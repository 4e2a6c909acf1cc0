package dev.likeness.cli.paths;

import dev.likeness.cli.console.OptionName;
import dev.likeness.diffusion.internal.io.FilePlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Checks the paths of a command line before any work. It refuses an empty path; an output that is
 * an input, a file of an input folder, or another output; an output that exists, unless
 * {@code --overwrite} is given; and an output below a file.
 */
public final class CommandPaths {
  private static final Pattern REPEATED = Pattern.compile("\\d{1,9}_.*");
  // As deep as photos and files of models lie, and more files than such folders have.
  private static final int LINK_DEPTH = 3;
  private static final int MOST_LINKED = 10_000;

  private final List<Input> inputs = new ArrayList<>();
  private final List<Output> outputs = new ArrayList<>();

  /**
   * A path that the command reads.
   *
   * @param name the option or parameter as a user knows it
   */
  private record Input(String name, Path path, FilePlace place, PathUse.Use use) {
    /** Returns true if this is a folder, and the command reads files of this place in it. */
    boolean contains(FilePlace other) {
      return Files.isDirectory(path) && (isBelow(other) || hasLinkTo(other));
    }

    private boolean isBelow(FilePlace other) {
      if (use != PathUse.Use.PHOTOS) {
        return other.isInside(place);
      }
      Path folder = other.path().getParent();
      return folder != null
          && (FilePlace.of(folder).isSame(place)
              || REPEATED.matcher(String.valueOf(folder.getFileName())).matches()
                  && folder.getParent() != null
                  && FilePlace.of(folder.getParent()).isSame(place));
    }

    // A file in the folder may be a link to the other place, or a hard link of it.
    private boolean hasLinkTo(FilePlace other) {
      try (Stream<Path> inside = Files.walk(path, LINK_DEPTH)) {
        return inside
            .limit(MOST_LINKED)
            .filter(file -> !Files.isDirectory(file))
            .anyMatch(file -> FilePlace.of(file).isSame(other));
      } catch (IOException | UncheckedIOException e) {
        return false;
      }
    }

    /** Returns true if this is a photo, and the other place is its caption. */
    boolean hasCaption(FilePlace other) {
      if (use != PathUse.Use.PHOTOS || !Files.isRegularFile(path)) {
        return false;
      }
      String stem = path.getFileName().toString().replaceFirst("\\.[^.]*$", "");
      return Stream.of(".txt", ".caption")
          .anyMatch(ending -> FilePlace.of(path.resolveSibling(stem + ending)).isSame(other));
    }
  }

  /** A value of an option that holds a path and more, such as a weight. */
  public interface HasPath {
    /** Returns the path. */
    Path file();
  }

  private CommandPaths() {}

  /**
   * Checks the paths of a parsed command line.
   *
   * @throws IllegalArgumentException if a path is refused; the message names the path
   */
  public static void require(ParseResult parsed) {
    CommandPaths paths = new CommandPaths();
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      List<ArgSpec> given = new ArrayList<>(at.matchedOptions());
      given.addAll(at.matchedPositionals());
      given.forEach(paths::read);
      if (at.commandSpec().userObject() instanceof WritesFiles command) {
        paths.outputs.addAll(command.outputs());
      }
    }
    paths.outputs.forEach(paths::requireFree);
    paths.outputs.forEach(paths::requireDifferent);
  }

  /** Returns how a command uses the paths of an option or parameter; empty if it takes none. */
  public static Optional<PathUse> use(ArgSpec argument) {
    return argument.userObject() instanceof AnnotatedElement member
        ? Optional.ofNullable(member.getAnnotation(PathUse.class))
        : Optional.empty();
  }

  private void read(ArgSpec argument) {
    use(argument).ifPresent(use -> {
      String name =
          argument instanceof OptionSpec option ? OptionName.of(option) : argument.paramLabel();
      for (Path path : paths(argument.getValue())) {
        if (!use.except().isEmpty() && path.equals(Path.of(use.except()))) {
          continue;
        }
        if (path.toString().isBlank() && !use.mayBeEmpty()) {
          throw new IllegalArgumentException(
              name + " has an empty path; give " + argument.paramLabel());
        }
        // With a store, --person is an id; an input that is missing is reported when it is opened.
        boolean isRead = use.value() != PathUse.Use.WRITTEN && Files.exists(path);
        if (isRead) {
          inputs.add(new Input(name, path, FilePlace.of(path), use.value()));
        } else if (use.value() == PathUse.Use.KEY) {
          outputs.add(Output.file(name, path, false));
        }
      }
    });
  }

  private static List<Path> paths(Object value) {
    if (value instanceof Path path) {
      return List.of(path);
    }
    if (value instanceof HasPath option) {
      return List.of(option.file());
    }
    if (value instanceof String text) {
      return List.of(Path.of(text));
    }
    if (value instanceof Map<?, ?> map) {
      return paths(map.values());
    }
    return value instanceof Collection<?> all
        ? all.stream().flatMap(one -> paths(one).stream()).toList()
        : List.of();
  }

  private void requireFree(Output output) {
    FilePlace place = FilePlace.of(output.path());
    String name = output.option() + " " + output.path();
    for (Input input : inputs) {
      requireOther(output, place, input);
    }
    place.fileAbove().ifPresent(file -> {
      throw new IllegalArgumentException(
          name + " is below the file " + file + "; give a path in a folder");
    });
    requireFree(output, place, name);
  }

  private void requireDifferent(Output output) {
    FilePlace place = FilePlace.of(output.path());
    String name = output.option() + " " + output.path();
    for (Output other : outputs) {
      if (other != output && collide(output, place, other)) {
        throw new IllegalArgumentException(
            output.option().equals(other.option())
                ? name + " is written twice; give another path"
                : name + " would be written by " + other.option() + " " + other.path()
                    + " too; give two different paths");
      }
    }
  }

  private static void requireOther(Output output, FilePlace place, Input input) {
    String name = output.option() + " " + output.path();
    String other = input.name() + " " + input.path();
    boolean isFolder = Files.isDirectory(input.path());
    if (output.kind() == Output.Kind.NAMES) {
      if (output
              .names()
              .matcher(String.valueOf(input.place().path().getFileName()))
              .matches()
          && isIn(input.place(), place)) {
        throw new IllegalArgumentException(other + " would be replaced by a result in " + name
            + "; give another " + output.option());
      }
      return;
    }
    if (place.isSame(input.place())) {
      throw new IllegalArgumentException(name + " is the same " + (isFolder ? "folder" : "file")
          + " as " + other + ", which the command reads; give another " + output.option());
    }
    if (output.isOneFile() && place.exists() && input.hasCaption(place)) {
      throw new IllegalArgumentException(name + " is the caption of " + other
          + ", which the command reads; give another " + output.option());
    }
    if (output.isOneFile() && place.exists() && input.contains(place)) {
      throw new IllegalArgumentException(name + " is a file in the folder of " + other
          + ", which the command reads; give another " + output.option());
    }
  }

  private static boolean collide(Output output, FilePlace place, Output other) {
    if (output.kind() == Output.Kind.NAMES) {
      return false;
    }
    if (other.kind() == Output.Kind.NAMES) {
      return other.names().matcher(String.valueOf(place.path().getFileName())).matches()
          && isIn(place, FilePlace.of(other.path()));
    }
    FilePlace there = FilePlace.of(other.path());
    return place.isSame(there) || other.isOneFile() && place.isInside(there);
  }

  private static boolean isIn(FilePlace file, FilePlace folder) {
    Path parent = file.path().getParent();
    return parent != null && FilePlace.of(parent).isSame(folder);
  }

  private static void requireFree(Output output, FilePlace place, String name) {
    // A link without a target is there, although its target is not.
    boolean exists = place.exists() || Files.exists(output.path(), LinkOption.NOFOLLOW_LINKS);
    if (!exists) {
      return;
    }
    switch (output.kind()) {
      case NEW_FILE, REPLACED_FILE -> {
        if (Files.isDirectory(output.path())) {
          throw new IllegalArgumentException(name + " is a folder; give a file in it");
        }
        boolean replaces = output.kind() == Output.Kind.REPLACED_FILE;
        if (place.exists() && !Files.isRegularFile(output.path())) {
          throw new IllegalArgumentException(
              name + " is not a regular file and is not replaced; give a file");
        }
        if (!replaces) {
          throw new IllegalArgumentException(name + " already exists; give another "
              + output.option() + ", or --overwrite to replace the file");
        }
      }
      case NEW_FOLDER -> {
        if (!Files.isDirectory(output.path())) {
          throw new IllegalArgumentException(
              name + " is a file; give a folder that does not exist");
        }
        if (hasFiles(output.path())) {
          throw new IllegalArgumentException(name
              + " already contains files, and no folder is replaced; give a folder that does not"
              + " exist");
        }
      }
      case FOLDER -> {
        if (!Files.isDirectory(output.path())) {
          throw new IllegalArgumentException(name + " is a file; give a folder");
        }
      }
      case NAMES -> {}
    }
  }

  private static boolean hasFiles(Path folder) {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.anyMatch(path -> !path.endsWith("lost+found"));
    } catch (IOException e) {
      return true;
    }
  }
}
