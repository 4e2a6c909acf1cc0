package dev.likeness.cli;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.architecture.ApiText;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import java.io.IOException;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Supported calls are short, and throw unchecked exceptions. */
class SupportedCallsTest {
  private static final int MOST_PARAMETERS = 5;
  private static final Set<Class<?>> FOLLOWED =
      Set.of(Run.class, Progress.class, Cancellation.class);

  /** Checked exceptions of {@code Future}, and of converters of photo files. */
  private static final Set<Class<?>> CHECKED = Set.of(
      InterruptedException.class,
      ExecutionException.class,
      TimeoutException.class,
      IOException.class);

  @Test
  void listenersAndCancellationsAreOptional() throws IOException {
    assertEquals(List.of(), faults(SupportedCallsTest::isTied));
  }

  @Test
  void callsHaveAtMostFiveParameters() throws IOException {
    assertEquals(List.of(), faults((type, call) -> call.getParameterCount() > MOST_PARAMETERS));
  }

  /** Values of JSON, where null is a value: it turns an option off. */
  private static final Set<Class<?>> JSON = Set.of(Object.class, Map.class);

  @Test
  void whatIsNotGivenIsNotPassed() throws IOException {
    assertEquals(
        List.of(),
        faults((type, call) -> IntStream.range(0, call.getParameterCount())
            .anyMatch(i -> isNullable(call.getAnnotatedParameterTypes()[i])
                    && !JSON.contains(call.getParameterTypes()[i])
                || isOptional(call.getParameterTypes()[i]))));
  }

  @Test
  void whatCanBeAbsentIsReturnedAsAnOptional() throws IOException {
    assertEquals(List.of(), faults((type, call) -> isNullable(call.getAnnotatedReturnType())));
    List<String> found = new ArrayList<>();
    for (String module : SupportedApiTest.MODULES) {
      for (Class<?> type : ApiText.types(Outside.ROOT.resolve(module).resolve("target/classes"))) {
        if (type.isRecord()) {
          Arrays.stream(type.getRecordComponents())
              .filter(part -> isNullable(part.getAnnotatedType()))
              .forEach(part -> found.add(type.getSimpleName() + "." + part.getName()));
        }
      }
    }
    assertEquals(List.of(), found);
  }

  private static boolean isNullable(AnnotatedType type) {
    return type.isAnnotationPresent(Nullable.class);
  }

  private static boolean isOptional(Class<?> type) {
    return type == Optional.class
        || type == OptionalInt.class
        || type == OptionalLong.class
        || type == OptionalDouble.class;
  }

  @Test
  void callsThrowUncheckedExceptions() throws IOException {
    List<String> checked = faults((type, call) -> call.getExceptionTypes().length > 0);
    assertEquals(
        List.of(
            "GenerationJob.get()",
            "GenerationJob.get(long, TimeUnit)",
            "PhotoConverter.convert(PhotoFormat, byte[])"),
        checked);
    assertTrue(faults((type, call) -> !CHECKED.containsAll(List.of(call.getExceptionTypes())))
        .isEmpty());
  }

  @Test
  void findsCallsThatNeedAListenerOrManyParameters() throws ReflectiveOperationException {
    Class<?> type = Planted.class;
    assertTrue(isTied(type, type.getMethod("run", int.class, Run.class)));
    assertTrue(!isTied(type, type.getMethod("stop", int.class, Cancellation.class)));
    assertTrue(!isTied(type, type.getMethod("stop", int.class)));
  }

  /** Calls for the test of the test. */
  static final class Planted {
    public void run(int work, Run run) {}

    public void stop(int work, Cancellation cancellation) {}

    public void stop(int work) {}
  }

  /** Messages of failures that are defects of the jar or of Java. */
  private static final Pattern DEFECT =
      Pattern.compile("cannot (en|de)code .* in memory|the jar of Likeness is damaged|this Java ");

  private static final Pattern STATE = Pattern.compile("new IllegalStateException\\(\\s*([^;]*);");

  @Test
  void typesSayThatAWrongStateIsAnError() throws IOException {
    List<String> found = new ArrayList<>();
    for (String module : SupportedApiTest.MODULES) {
      try (Stream<Path> files = Files.walk(Outside.ROOT.resolve(module + "/src/main/java"))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          String text = Files.readString(file);
          if (!file.toString().replace('\\', '/').contains("/internal/")
              && Pattern.compile("(?m)^public ").matcher(text).find()
              && !text.contains("* @throws IllegalStateException")
              && !text.contains("{@link IllegalStateException}")
              && STATE.matcher(text).results().anyMatch(SupportedCallsTest::isOfTheCaller)) {
            found.add(file.getFileName().toString());
          }
        }
      }
    }
    assertEquals(List.of(), found);
  }

  private static boolean isOfTheCaller(MatchResult thrown) {
    String arguments = thrown.group(1);
    return arguments.contains("\"") && !DEFECT.matcher(arguments).find();
  }

  private interface Fault {
    boolean in(Class<?> type, Executable call);
  }

  /** Interfaces that users implement get a listener, and do not ask for one. */
  private static boolean isTied(Class<?> type, Executable call) {
    List<Class<?>> parameters = List.of(call.getParameterTypes());
    if (FOLLOWED.stream().noneMatch(parameters::contains)
        || Modifier.isAbstract(call.getModifiers())
        || FOLLOWED.contains(type)) {
      return false;
    }
    List<Class<?>> needed =
        parameters.stream().filter(part -> !FOLLOWED.contains(part)).toList();
    return !needed.isEmpty()
        && ApiText.calls(type)
            .filter(other -> other.getName().equals(call.getName()))
            .noneMatch(other -> withoutDefaults(needed, List.of(other.getParameterTypes())));
  }

  /** Returns true if a shorter call has the needed parameters, without numbers and durations. */
  private static boolean withoutDefaults(List<Class<?>> needed, List<Class<?>> other) {
    List<Class<?>> left = new ArrayList<>(needed);
    for (Class<?> part : other) {
      if (!left.remove(part)) {
        return false;
      }
    }
    return left.stream().allMatch(part -> part == int.class || part == java.time.Duration.class);
  }

  private static List<String> faults(Fault fault) throws IOException {
    List<String> found = new ArrayList<>();
    for (String module : SupportedApiTest.MODULES) {
      for (Class<?> type : ApiText.types(Outside.ROOT.resolve(module).resolve("target/classes"))) {
        ApiText.calls(type)
            .filter(call -> fault.in(type, call))
            .map(call -> text(type, call))
            .forEach(found::add);
      }
    }
    return found.stream().sorted().toList();
  }

  private static String text(Class<?> type, Executable call) {
    String name = call instanceof Constructor ? "new" : call.getName();
    return type.getSimpleName() + "." + name
        + Arrays.stream(call.getParameterTypes())
            .map(Class::getSimpleName)
            .collect(joining(", ", "(", ")"));
  }
}
