package dev.likeness.cli.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Types of all kinds, whose text {@code SupportedApiTest} knows. */
public final class ApiSample {
  private ApiSample() {}

  /** Users see its members by its subclasses alone. */
  abstract static class Hidden {
    public void seen() {}

    void unseen() {}

    private void hidden() {}
  }

  /** Public, below a type that is not. */
  static final class Around {
    public static final class Unseen {}
  }

  /** A record with a constructor of its own. */
  public record Pair<A, B extends A>(A first, List<? super B>[] second) {
    /** Copies. */
    public Pair(Pair<A, B> other) {
      this(other.first, other.second);
    }

    /** Not an accessor. */
    public A first(int times) {
      return first;
    }
  }

  /** An enum with constants of their own classes. */
  public enum Kind implements Function<String, Integer> {
    LONG {
      @Override
      public Integer apply(String text) {
        return text.length();
      }
    },
    SHORT {
      @Override
      public Integer apply(String text) {
        return 0;
      }
    }
  }

  /** A sealed interface. */
  public sealed interface Shape permits Circle, Square {
    /** Has a body. */
    default double area() {
      return 0;
    }
  }

  /** May be seen. */
  public static final class Circle implements Shape {
    private Circle() {}
  }

  /** May not. */
  static final class Square implements Shape {}

  /** A class with members of all kinds. */
  public abstract static class Base<T extends Comparable<T>> extends Hidden
      implements Comparator<T> {
    /** A constant. */
    public static final int LIMIT = 3;

    /** For subclasses. */
    protected Map<String, ? extends T[]> state;

    protected Base(int... numbers) {}

    /** Throws. */
    public static <X extends Exception & Runnable> X read(Class<? extends X> type)
        throws UncheckedIOException, IOException {
      throw new IOException(type.getName());
    }

    /** Old. */
    @Deprecated
    public synchronized void old() {}
  }
}
