package dev.likeness.cli.docs;

import dev.likeness.cli.CommandSyntax;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is wrong with pages of documentation; nothing is run. */
final class PageRules {
  private static final Pattern MENTION =
      Pattern.compile("(?<![\\w/.-])(?:docs|benchmarks|research)/[\\w/-]+\\.md\\b");
  /** A page of ggml-org/ggml. */
  private static final Set<String> ELSEWHERE = Set.of("docs/gguf.md");

  private final Path root;

  PageRules(Path root) {
    this.root = root;
  }

  /** The pages at the root and below docs, by path. */
  List<MarkdownPage> pages() {
    try (Stream<Path> top = Files.list(root);
        Stream<Path> docs = Files.walk(root.resolve("docs"))) {
      return Stream.concat(top, docs)
          .filter(file -> file.toString().endsWith(".md") && Files.isRegularFile(file))
          .sorted()
          .map(this::page)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private MarkdownPage page(Path file) {
    try {
      String path = root.relativize(file).toString().replace('\\', '/');
      return new MarkdownPage(path, Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lines of the page that are too wide. */
  List<String> wideLines(MarkdownPage page) {
    return page.wideLines().isEmpty()
        ? List.of()
        : List.of(page.path() + ": over 120 columns in lines " + page.wideLines());
  }

  /** Relative links that lead nowhere. */
  List<String> links(MarkdownPage page) {
    List<String> faults = new ArrayList<>();
    for (String link : page.links()) {
      if (link.matches("[a-z]+:.*")) {
        continue;
      }
      int hash = link.indexOf('#');
      String name = hash < 0 ? link : link.substring(0, hash);
      Path target = name.isEmpty()
          ? root.resolve(page.path())
          : root.resolve(page.path()).resolveSibling(name).normalize();
      if (!target.startsWith(root) || !Files.exists(target)) {
        faults.add(page.path() + ": " + link + " does not exist");
      } else if (hash >= 0 && target.toString().endsWith(".md")) {
        MarkdownPage other = name.isEmpty() ? page : page(target);
        if (!other.anchors().contains(link.substring(hash + 1))) {
          faults.add(page.path() + ": " + link + " is no heading of " + other.path());
        }
      }
    }
    return faults;
  }

  /** Lines of the command in blocks of shell text that it would refuse. */
  List<String> commands(MarkdownPage page) {
    List<String> faults = new ArrayList<>();
    for (MarkdownPage.Block block : page.blocks()) {
      if (block.language().equals("sh")) {
        ShellLine.of(block.text())
            .forEach(line -> line.likeness().ifPresent(args -> {
              CommandSyntax.refusal(args.toArray(String[]::new))
                  .ifPresent(why -> faults.add(page.path() + ":" + (block.line() + line.number())
                      + ": " + why + " in: likeness " + String.join(" ", args)));
            }));
      }
    }
    return faults;
  }

  /** Chained calls that JShell would read as a new statement, because the line before is whole. */
  List<String> chains(MarkdownPage page) {
    List<String> faults = new ArrayList<>();
    for (MarkdownPage.Block block : page.blocks()) {
      int depth = 0;
      int number = block.line();
      for (String line : block.text().split("\n", -1)) {
        if (block.language().equals("java") && depth == 0 && line.strip().startsWith(".")) {
          faults.add(page.path() + ":" + number + ": the line before is complete for JShell");
        }
        String code = line.replaceAll("\"[^\"]*\"|//.*", "");
        depth += code.replaceAll("[^(\\[{]", "").length()
            - code.replaceAll("[^)\\]}]", "").length();
        number++;
      }
    }
    return faults;
  }

  /** Pages that a source or a script names and that do not exist. */
  List<String> mentions(String path, String text) {
    return MENTION
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .distinct()
        .filter(page -> !ELSEWHERE.contains(page) && !Files.exists(root.resolve(page)))
        .map(page -> path + ": " + page + " does not exist")
        .toList();
  }

  /** Gaps and doubles among the numbers of decisions, which begin with 0001. */
  List<String> numbers(List<MarkdownPage> pages) {
    List<String> faults = new ArrayList<>();
    int expected = 1;
    for (MarkdownPage page : pages) {
      if (page.path().startsWith("docs/decisions/")) {
        String name = page.path().substring("docs/decisions/".length());
        String start = String.format("%04d-", expected++);
        if (!name.startsWith(start)) {
          faults.add(page.path() + ": its number should be " + start.substring(0, 4));
        }
      }
    }
    return faults;
  }
}
