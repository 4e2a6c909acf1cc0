package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.paths.CommandPaths;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/**
 * No output destroys a file: every command is run with every pair of its path options, where the
 * output is an input, another output, a file in an input folder, below a file, or a file that
 * exists.
 */
class OutputPathsTest {
  private static final List<String> PATH_LABELS =
      List.of("FILE", "DIR", "PATH", "PEM", "IMAGE", "PHOTO", "BASE", "IN", "OUT", "MODEL");

  /** The outputs that are folders in which a command may write beside other files. */
  private static final List<String> FOLDERS =
      List.of("generate --out", "headshot --out", "edit --out");

  @TempDir
  private Path folder;

  private int rounds;

  private Form current;

  /** A command with an option that nobody declared. */
  @Command(name = "planted")
  static final class Undeclared implements Runnable {
    @Option(names = "--map", paramLabel = "FILE")
    private Path map;

    @Override
    public void run() {}
  }

  @Test
  void everyPathOptionIsDeclared() {
    assertEquals(
        List.of(), commands().stream().flatMap(OutputPathsTest::undeclared).toList());
    assertEquals(
        List.of("planted --map"),
        undeclared(new CommandLine(new Undeclared()).getCommandSpec()).toList());
  }

  private static Stream<String> undeclared(CommandSpec command) {
    return command.args().stream()
        .filter(OutputPathsTest::takesPaths)
        .filter(argument -> CommandPaths.use(argument).isEmpty())
        .map(argument -> command.name() + " " + name(argument));
  }

  private static boolean takesPaths(ArgSpec argument) {
    boolean isLabelled =
        Stream.of(argument.paramLabel().split("[^A-Z]+")).anyMatch(PATH_LABELS::contains);
    return isLabelled
        || Stream.concat(Stream.of(argument.type()), Stream.of(argument.auxiliaryTypes()))
            .anyMatch(type -> Path.class.isAssignableFrom(type)
                || CommandPaths.HasPath.class.isAssignableFrom(type));
  }

  @TestFactory
  Stream<DynamicTest> noPairOfPathsDestroysAFile() {
    return commands().stream()
        .flatMap(command -> paths(command, Use.WRITTEN)
            .flatMap(out -> forms(command, out)
                .map(form ->
                    DynamicTest.dynamicTest(command.name() + " " + name(out) + " " + form, () -> {
                      current = form;
                      walk(command, out);
                    }))));
  }

  /** The forms of an output: a file, or with other options or another ending a folder. */
  private static Stream<Form> forms(CommandSpec command, ArgSpec out) {
    return switch (command.name() + " " + name(out)) {
      case "train --out" ->
        Stream.of(
            new Form(".safetensors", List.of()), new Form("", List.of("--method", "dreambooth")));
      case "convert OUT", "convert --to" ->
        Stream.of(new Form(".safetensors", List.of()), new Form("", List.of()));
      default -> Stream.of(new Form(".png", List.of()));
    };
  }

  /**
   * A form of an output.
   *
   * @param ending the ending of its name
   * @param options more options of the command
   */
  record Form(String ending, List<String> options) {}

  private void walk(CommandSpec command, ArgSpec out) throws IOException {
    boolean isFolder = FOLDERS.contains(command.name() + " " + name(out));
    for (boolean overwrite : List.of(false, true)) {
      existing(command, out, isFolder, overwrite);
      for (ArgSpec other : command.args()) {
        Use use = CommandPaths.use(other).map(PathUse::value).orElse(null);
        if (use != null && other != out) {
          pair(command, out, other, use, isFolder, overwrite);
        }
      }
    }
  }

  /** The output exists; it is empty; or it is below a file. */
  private void existing(CommandSpec command, ArgSpec out, boolean isFolder, boolean overwrite)
      throws IOException {
    refuses(command, out, null, overwrite, at -> "", at -> null);
    refuses(command, out, null, overwrite, at -> file(at, "a file") + "/result", at -> null);
    if (isFolder) {
      refuses(command, out, null, overwrite, at -> file(at, "taken"), at -> null);
      return;
    }
    refuses(command, out, null, overwrite, at -> at.resolve("full").toString(), at -> {
      file(folder(at.resolve("full")), "inside");
      return null;
    });
    if (!overwrite) {
      refuses(command, out, null, false, at -> file(at, "taken" + ending()), at -> null);
      refuses(command, out, null, false, at -> link(at, at.resolve("nowhere")), at -> null);
    }
  }

  /** The output is the other path, in all spellings, or is in it. */
  private void pair(
      CommandSpec command, ArgSpec out, ArgSpec other, Use use, boolean isFolder, boolean overwrite)
      throws IOException {
    boolean needsFolder = use == Use.PHOTOS || use == Use.STORE;
    if (!needsFolder && !isFolder) {
      Function<Path, String> same = at -> file(at, "same" + ending());
      refuses(command, out, other, overwrite, same, same);
      refuses(command, out, other, overwrite, at -> at + "/x/../same" + ending(), at -> {
        folder(at.resolve("x"));
        return same.apply(at);
      });
      refuses(command, out, other, overwrite, at -> link(at, Path.of(same.apply(at))), same);
      refuses(command, out, other, overwrite, at -> hardLink(at, Path.of(same.apply(at))), same);
      refuses(command, out, other, overwrite, at -> same.apply(at) + "/x", same);
    }
    if (use == Use.WRITTEN) {
      if (!isFolder) {
        Function<Path, String> fresh = at -> at.resolve("fresh" + ending()).toString();
        refuses(command, out, other, overwrite, fresh, fresh);
      }
      return;
    }
    Function<Path, String> whole = at -> folder(at.resolve("read")).toString();
    refuses(command, out, other, overwrite, whole, at -> {
      file(Path.of(whole.apply(at)), "photo.jpg");
      return whole.apply(at);
    });
    if (!isFolder) {
      Function<Path, String> inside = at -> file(folder(at.resolve("read")), "photo" + ending());
      refuses(command, out, other, overwrite, inside, whole);
      refuses(command, out, other, overwrite, at -> link(at, Path.of(inside.apply(at))), whole);
    }
  }

  /** Runs a command that must refuse its paths and leave everything as it was. */
  private void refuses(
      CommandSpec command,
      ArgSpec out,
      ArgSpec other,
      boolean overwrite,
      Function<Path, String> written,
      Function<Path, String> read)
      throws IOException {
    Path at = Files.createDirectory(folder.resolve("round-" + rounds++));
    String second = read.apply(at);
    String first = written.apply(at);
    List<String> line = new ArrayList<>(List.of(command.name()));
    for (ArgSpec argument : command.args()) {
      if (argument == out || argument == other) {
        add(line, argument, argument == out ? first : second);
      } else if (argument.required()) {
        add(
            line,
            argument,
            CommandPaths.use(argument).isEmpty()
                ? "x"
                : argument.paramLabel().equals("DIR")
                    ? at.resolve("some folder").toString()
                    : file(at, "some input"));
      }
    }
    line.addAll(current.options());
    if (overwrite) {
      line.add("--overwrite");
    }
    Map<String, String> before = snapshot(at);
    CommandResult run = CommandResult.of(line.toArray(String[]::new));
    assertEquals(before, snapshot(at), line + ": " + run.err());
    assertEquals(2, run.status(), line + ": " + run.err());
    assertEquals(1, run.errorLines().size(), run.err());
    String told = run.errorLines().get(0);
    assertTrue(
        Stream.of(name(out), other == null ? name(out) : name(other)).anyMatch(told::contains),
        line + ": " + told);
    boolean advises = told.contains("or --overwrite");
    assertTrue(!overwrite || !advises, told);
  }

  private static void add(List<String> line, ArgSpec argument, String value) {
    if (!(argument instanceof OptionSpec option)) {
      line.add(value);
      return;
    }
    line.add(OptionName.of(option));
    if (option.arity().max() > 0) {
      String key = option.paramLabel().startsWith("COMPONENT") ? "vae=" : "";
      line.add(key + value);
    }
  }

  private String ending() {
    return current.ending();
  }

  private static String file(Path at, String name) {
    Path file = at.resolve(name);
    return Files.exists(file) ? file.toString() : written(() -> Files.writeString(file, name));
  }

  private static Path folder(Path folder) {
    return Path.of(written(() -> Files.createDirectories(folder)));
  }

  private static String link(Path at, Path to) {
    return written(() -> Files.createSymbolicLink(at.resolve("link" + end(to)), to));
  }

  private static String hardLink(Path at, Path to) {
    return written(() -> Files.createLink(at.resolve("hard" + end(to)), to));
  }

  private static String end(Path file) {
    return file.getFileName().toString().replaceFirst("^[^.]*", "");
  }

  /** Makes a file. */
  private interface Making {
    Path make() throws IOException;
  }

  private static String written(Making making) {
    try {
      return making.make().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The content of all files by name. */
  private static Map<String, String> snapshot(Path at) throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(at)) {
      for (Path file : files.toList()) {
        all.put(
            at.relativize(file).toString(),
            Files.isSymbolicLink(file)
                ? "to " + Files.readSymbolicLink(file)
                : Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    ? HexFormat.of().formatHex(Files.readAllBytes(file))
                    : "folder");
      }
    }
    return all;
  }

  private static List<CommandSpec> commands() {
    List<CommandSpec> all = new ArrayList<>();
    collect(CommandSyntax.commandLine(), all);
    return all;
  }

  private static void collect(CommandLine line, List<CommandSpec> all) {
    all.add(line.getCommandSpec());
    line.getSubcommands().values().forEach(each -> collect(each, all));
  }

  private static Stream<ArgSpec> paths(CommandSpec command, Use use) {
    return command.args().stream()
        .filter(argument -> CommandPaths.use(argument).map(PathUse::value).orElse(null) == use);
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? OptionName.of(option) : argument.paramLabel();
  }
}
