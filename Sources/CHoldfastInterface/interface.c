#include "holdfast.h"
