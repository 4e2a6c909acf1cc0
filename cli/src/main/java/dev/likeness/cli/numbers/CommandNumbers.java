package dev.likeness.cli.numbers;

import dev.likeness.cli.console.OptionName;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Checks the numbers of a command line before any work. */
public final class CommandNumbers {
  private CommandNumbers() {}

  /**
   * Checks all given numbers.
   *
   * @throws ParameterException if a number is outside of the range of its option, or is NaN
   */
  public static void require(ParseResult parsed) {
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      for (OptionSpec option : at.matchedOptions()) {
        NumberRange range = range(option).orElse(null);
        if (range != null) {
          numbers(option.getValue())
              .filter(number -> !contains(range, number))
              .findFirst()
              .ifPresent(number -> {
                throw new ParameterException(
                    option.command().commandLine(),
                    message(option, range, text(number, isWhole(option))));
              });
        }
      }
    }
  }

  /** Returns the range of an option; empty if it takes no numbers. */
  public static Optional<NumberRange> range(ArgSpec option) {
    return option.userObject() instanceof AnnotatedElement member
        ? Optional.ofNullable(member.getAnnotation(NumberRange.class))
        : Optional.empty();
  }

  /**
   * Explains a value that is no number of the option's type, such as one with too many digits.
   * Empty if the option takes no numbers.
   */
  public static Optional<String> explain(ParameterException wrong) {
    return wrong.getArgSpec() == null || wrong.getValue() == null
        ? Optional.empty()
        : range(wrong.getArgSpec())
            .map(range -> message(wrong.getArgSpec(), range, "'" + wrong.getValue() + "'"));
  }

  private static String message(ArgSpec option, NumberRange range, String given) {
    boolean whole = isWhole(option);
    String kind = whole ? "a whole number" : "a number";
    boolean open = range.max() >= (whole ? Integer.MAX_VALUE : Float.MAX_VALUE);
    boolean free = open && range.min() <= -Float.MAX_VALUE;
    String least =
        (range.above() ? "above " : open ? "of at least " : "from ") + text(range.min(), whole);
    String most = (range.below() ? " to below " : range.above() ? ", at most " : " to ")
        + text(range.max(), whole);
    String expected = free
        ? kind + " from -3.4e38 to 3.4e38"
        : kind + " " + least + (open ? whole ? ", at most " + Integer.MAX_VALUE : "" : most);
    String name = option instanceof OptionSpec named ? OptionName.of(named) : option.paramLabel();
    return name + " must be " + expected + ", got " + given;
  }

  private static boolean contains(NumberRange range, double number) {
    return (range.above() ? number > range.min() : number >= range.min())
        && (range.below() ? number < range.max() : number <= range.max());
  }

  private static String text(double number, boolean whole) {
    return whole || number == Math.rint(number) && Math.abs(number) < 1e15
        ? String.format(Locale.ROOT, "%.0f", number)
        : Double.toString(number);
  }

  private static boolean isWhole(ArgSpec option) {
    Class<?> type = option.auxiliaryTypes().length > 0 ? option.auxiliaryTypes()[0] : option.type();
    Class<?> one = type.isArray() ? type.getComponentType() : type;
    return one == int.class || one == Integer.class || one == long.class || one == Long.class;
  }

  private static DoubleStream stream(Object value) {
    return value instanceof Number number
        ? DoubleStream.of(number.doubleValue())
        : value instanceof int[] whole
            ? Arrays.stream(whole).asDoubleStream()
            : value instanceof double[] all ? Arrays.stream(all) : DoubleStream.empty();
  }

  private static Stream<Double> numbers(Object value) {
    return value instanceof Collection<?> all
        ? all.stream().flatMap(CommandNumbers::numbers)
        : stream(value).boxed();
  }
}
