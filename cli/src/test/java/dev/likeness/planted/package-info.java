/** Violations of the rules of the house, each of which PlantedViolationsTest shows to be found. */
package dev.likeness.planted;
